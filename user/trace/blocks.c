/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/blocks.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "lib/array.h"
#include "lib/sort.h"
#include "trace/live.h"

struct walk {
	struct blocks *blocks;
	uint32_t id;
	bool short_of_memory;
};

static void see(void *context, uint64_t address, const struct mt_live *live)
{
	struct walk *walk = context;
	struct blocks *blocks = walk->blocks;
	const struct block block = {.address = address, .live = *live};

	if (live->process != walk->id)
		return;
	if (!array__push(blocks->blocks, blocks->count, blocks->capacity, block))
		walk->short_of_memory = true;
}

/* Brings blocks to where the items, sorted, say that they are to be: items[i].index is the place of what goes to i. */
static void permute(struct block *blocks, struct sort_item *items, size_t count)
{
	for (size_t first = 0; first < count; first++) {
		const struct block kept = blocks[first];
		size_t to = first;

		while (items[to].index != first) {
			size_t from = items[to].index;

			blocks[to] = blocks[from];
			items[to].index = (uint32_t)to;
			to = from;
		}
		blocks[to] = kept;
		items[to].index = (uint32_t)to;
	}
}

static int sort(struct blocks *blocks)
{
	struct sort_item *items = array__large(blocks->count + 1, sizeof(*items));
	struct sort_item *scratch = array__large(blocks->count + 1, sizeof(*scratch));
	int code = items && scratch ? 0 : -ENOMEM;

	for (size_t i = 0; !code && i < blocks->count; i++)
		items[i] = (struct sort_item){.key = blocks->blocks[i].address, .index = (uint32_t)i};
	if (!code) {
		sort__by_key(items, scratch, blocks->count);
		permute(blocks->blocks, items, blocks->count);
	}
	free(items);
	free(scratch);
	return code;
}

/* Addresses that no block can be at, and sizes that none can have, are what a block that was being changed shows. */
static bool is_possible(const struct block *block)
{
	const uint64_t end = 1ULL << 47; /* of user space */

	return block->address < end && block->live.size < end - block->address;
}

/* Of two that overlap the newer one is there: the other's free was missed. */
static void drop_overlapped(struct blocks *blocks)
{
	struct block *all = blocks->blocks;
	size_t kept = 0;

	for (size_t i = 0; i < blocks->count; i++) {
		bool stays = is_possible(&all[i]);

		while (stays && kept && all[kept - 1].address + all[kept - 1].live.size > all[i].address) {
			blocks->overlapped++;
			if (all[kept - 1].live.born <= all[i].live.born)
				kept--;
			else
				stays = false;
		}
		if (stays)
			all[kept++] = all[i];
	}
	blocks->count = kept;
}

int blocks__read(const struct session_maps *maps, uint32_t id, size_t expected, struct blocks *blocks)
{
	struct walk walk = {.blocks = blocks, .id = id};
	int code;

	*blocks = (struct blocks){.blocks = array__large(expected + 1, sizeof(*blocks->blocks)),
				  .capacity = expected + 1};
	if (!blocks->blocks)
		return -ENOMEM;
	code = live__each(maps, see, &walk);
	if (code || walk.short_of_memory)
		return code ? code : -ENOMEM;
	code = sort(blocks);
	if (!code)
		drop_overlapped(blocks);
	return code;
}

void blocks__free(struct blocks *blocks)
{
	free(blocks->blocks);
	*blocks = (struct blocks){0};
}

static bool is_same(const struct block *a, const struct block *b)
{
	return a->address == b->address && a->live.size == b->live.size && a->live.stack == b->live.stack &&
	       a->live.born == b->live.born;
}

void blocks__compare(const struct blocks *blocks, const struct blocks *later, bool *gone)
{
	for (size_t i = 0, j = 0; i < blocks->count; i++) {
		while (j < later->count && later->blocks[j].address < blocks->blocks[i].address)
			j++;
		if (j == later->count || !is_same(&blocks->blocks[i], &later->blocks[j]))
			gone[i] = true;
	}
}
