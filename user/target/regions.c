/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/regions.h"

#include <errno.h>
#include <stdlib.h>

/* The records that begin at or before the address that was come to, the newest first: a binary heap. */
struct pile {
	struct region **records;
	size_t count;
};

static void swap(struct region **a, struct region **b)
{
	struct region *kept = *a;

	*a = *b;
	*b = kept;
}

static void pile__push(struct pile *pile, struct region *region)
{
	struct region **r = pile->records;
	size_t i = pile->count++;

	for (r[i] = region; i && r[(i - 1) / 2]->since_ns < r[i]->since_ns; i = (i - 1) / 2)
		swap(&r[i], &r[(i - 1) / 2]);
}

static void pile__pop(struct pile *pile)
{
	struct region **r = pile->records;
	size_t i = 0;

	r[0] = r[--pile->count];
	for (;;) {
		size_t newer = 2 * i + 1;

		if (newer >= pile->count)
			return;
		if (newer + 1 < pile->count && r[newer + 1]->since_ns > r[newer]->since_ns)
			newer++;
		if (r[i]->since_ns >= r[newer]->since_ns)
			return;
		swap(&r[i], &r[newer]);
		i = newer;
	}
}

static uint64_t limit_of(const struct region *region)
{
	return region->length > UINT64_MAX - region->start ? UINT64_MAX : region->start + region->length;
}

static bool is_private_memory(const struct mapping *mapping)
{
	return !mapping->inode && !mapping->shared;
}

/* Bytes of [start, limit) that are mapped. Asked for in the order of addresses: *next is where to go on looking. */
static uint64_t mapped_bytes(const struct maps *maps, size_t *next, uint64_t start, uint64_t limit)
{
	uint64_t bytes = 0;

	if (!maps)
		return limit - start;
	while (*next < maps->count && maps->mappings[*next].limit <= start)
		++*next;
	for (size_t i = *next; i < maps->count && maps->mappings[i].start < limit; i++) {
		const struct mapping *m = &maps->mappings[i];

		if (is_private_memory(m))
			bytes += (m->limit < limit ? m->limit : limit) - (m->start > start ? m->start : start);
	}
	return bytes;
}

static int by_start(const void *a, const void *b)
{
	const struct region *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

int regions__reconcile(struct region *regions, size_t count, const struct maps *maps)
{
	struct pile pile = {.records = calloc(count + 1, sizeof(struct region *))};
	size_t begun = 0, next = 0;
	uint64_t at = 0;

	if (!pile.records)
		return -ENOMEM;
	if (count)
		qsort(regions, count, sizeof(*regions), by_start);
	for (size_t i = 0; i < count; i++)
		regions[i].live_bytes = 0;
	while (begun < count || pile.count) {
		struct region *newest;
		uint64_t until;

		if (!pile.count)
			at = regions[begun].start;
		while (begun < count && regions[begun].start <= at)
			pile__push(&pile, &regions[begun++]);
		newest = pile.records[0];
		until = limit_of(newest);
		if (until <= at) {
			pile__pop(&pile);
			continue;
		}
		if (begun < count && regions[begun].start < until)
			until = regions[begun].start;
		if (!newest->gone)
			newest->live_bytes += mapped_bytes(maps, &next, at, until);
		at = until;
	}
	free(pile.records);
	return 0;
}
