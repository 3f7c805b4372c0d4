/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/block_index.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

/*
 * A table by page, in three levels as the processor's own. An entry tells the first block that has a part in the page,
 * and how many have: blocks of one page are often of one size, so that the place in the page tells which one it is.
 */
enum {
	PAGE_SHIFT = 12,
	LEAF_SHIFT = 9, /* 512 pages: 2 MiB */
	MIDDLE_SHIFT = 9,
	TOP_SHIFT = 47 - PAGE_SHIFT - LEAF_SHIFT - MIDDLE_SHIFT,
	NEAR = 4, /* so many blocks beside the guess are looked at one by one */
};

struct entry {
	uint32_t first, count;
};

struct leaf {
	struct entry entries[1 << LEAF_SHIFT];
};

struct middle {
	struct leaf *leaves[1 << MIDDLE_SHIFT];
};

struct block_index {
	const struct block_span *blocks;
	struct middle *middles[1 << TOP_SHIFT];
};

static struct entry *make_entry(struct block_index *index, uint64_t page)
{
	struct middle **middle = &index->middles[page >> (LEAF_SHIFT + MIDDLE_SHIFT)];
	struct leaf **leaf;

	if (!*middle)
		*middle = calloc(1, sizeof(**middle));
	if (!*middle)
		return NULL;
	leaf = &(*middle)->leaves[page >> LEAF_SHIFT & ((1 << MIDDLE_SHIFT) - 1)];
	if (!*leaf)
		*leaf = calloc(1, sizeof(**leaf));
	return *leaf ? &(*leaf)->entries[page & ((1 << LEAF_SHIFT) - 1)] : NULL;
}

static int add(struct block_index *index, uint32_t block)
{
	const struct block_span *range = &index->blocks[block];

	/* up to where its limit is: an address at its end is looked for, too */
	for (uint64_t page = range->start >> PAGE_SHIFT; page <= range->limit >> PAGE_SHIFT; page++) {
		struct entry *entry = make_entry(index, page);

		if (!entry)
			return -ENOMEM;
		if (!entry->count++)
			entry->first = block;
	}
	return 0;
}

struct block_index *block_index__new(const struct block_span *blocks, size_t count)
{
	struct block_index *index = calloc(1, sizeof(*index));

	if (!index)
		return NULL;
	index->blocks = blocks;
	for (size_t i = 0; i < count; i++) {
		if (!add(index, (uint32_t)i))
			continue;
		block_index__free(index);
		return NULL;
	}
	return index;
}

void block_index__free(struct block_index *index)
{
	for (size_t i = 0; index && i < 1 << TOP_SHIFT; i++) {
		for (size_t j = 0; index->middles[i] && j < 1 << MIDDLE_SHIFT; j++)
			free(index->middles[i]->leaves[j]);
		free(index->middles[i]);
	}
	free(index);
}

static struct entry entry_of(const struct block_index *index, uint64_t address)
{
	const struct entry nothing = {0, 0};
	uint64_t page = address >> PAGE_SHIFT;
	const struct middle *middle;
	const struct leaf *leaf;

	if (page >> (LEAF_SHIFT + MIDDLE_SHIFT + TOP_SHIFT))
		return nothing;
	middle = index->middles[page >> (LEAF_SHIFT + MIDDLE_SHIFT)];
	leaf = middle ? middle->leaves[page >> LEAF_SHIFT & ((1 << MIDDLE_SHIFT) - 1)] : NULL;
	return leaf ? leaf->entries[page & ((1 << LEAF_SHIFT) - 1)] : nothing;
}

uint32_t block_index__guess(const struct block_index *index, uint64_t address)
{
	const struct entry entry = entry_of(index, address);
	uint64_t within = address & ((1 << PAGE_SHIFT) - 1);

	return entry.count ? entry.first + (uint32_t)(within * entry.count >> PAGE_SHIFT) : BLOCK_NONE;
}

/* The last of [low, high) that begins at or before the address, or BLOCK_NONE. */
static uint32_t search(const struct block_span *blocks, uint32_t low, uint32_t high, uint64_t address)
{
	uint32_t first = low;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (blocks[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low > first ? low - 1 : BLOCK_NONE;
}

uint32_t block_index__find(const struct block_index *index, uint64_t address, uint32_t guess)
{
	const struct block_span *blocks = index->blocks;
	const struct entry entry = entry_of(index, address);
	uint32_t limit = entry.first + entry.count, i = guess;

	if (guess == BLOCK_NONE)
		return BLOCK_NONE;
	for (int steps = 0; steps < NEAR && i > entry.first && blocks[i].start > address; steps++)
		i--;
	if (blocks[i].start > address)
		return search(blocks, entry.first, i, address);
	for (int steps = 0; steps < NEAR && i + 1 < limit && blocks[i + 1].start <= address; steps++)
		i++;
	if (i + 1 < limit && blocks[i + 1].start <= address)
		return search(blocks, i + 1, limit, address);
	return i;
}
