/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Address ranges, nested or not, and what covers an address. */
#ifndef MEMTRAWL_SYMBOLS_RANGE_H
#define MEMTRAWL_SYMBOLS_RANGE_H

#include <stddef.h>
#include <stdint.h>

#define RANGE_NONE UINT64_MAX

struct range {
	uint64_t low, high; /* [low, high) */
	uint64_t value;     /* the caller's own, not RANGE_NONE */
	uint64_t highest;   /* `high` of this and all before it: how far back a search must look */
};

struct ranges {
	struct range *items;
	size_t count, capacity;
};

/* Empty ranges are left out. Returns 0, or -ENOMEM with the ranges unchanged. */
int ranges__add(struct ranges *ranges, uint64_t low, uint64_t high, uint64_t value);
/* To be called after the last ranges__add() and before the first ranges__find(). */
void ranges__sort(struct ranges *ranges);
/* The value of the range that begins closest below the address (the shortest of several) and covers it, or RANGE_NONE.
 */
uint64_t ranges__find(const struct ranges *ranges, uint64_t address);
void ranges__free(struct ranges *ranges);

#endif
