/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/overlap.h"

#include <stdlib.h>

/* The first run that ends beyond the address. */
static size_t first_beyond(uint64_t address, const struct page_run *runs, size_t run_count)
{
	size_t low = 0, high = run_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (runs[middle].limit <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint64_t overlap__in_runs(uint64_t start, uint64_t limit, const struct page_run *runs, size_t run_count)
{
	uint64_t bytes = 0;

	for (size_t i = first_beyond(start, runs, run_count); i < run_count && runs[i].start < limit; i++) {
		uint64_t from = runs[i].start > start ? runs[i].start : start;
		uint64_t to = runs[i].limit < limit ? runs[i].limit : limit;

		bytes += to - from;
	}
	return bytes;
}

static int by_start(const void *a, const void *b)
{
	const struct block_range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

void overlap__resident(struct block_range *blocks, size_t block_count, const struct page_run *runs, size_t run_count)
{
	if (block_count)
		qsort(blocks, block_count, sizeof(*blocks), by_start);
	for (size_t i = 0; i < block_count; i++) {
		uint64_t limit =
			blocks[i].size > UINT64_MAX - blocks[i].start ? UINT64_MAX : blocks[i].start + blocks[i].size;

		blocks[i].resident = overlap__in_runs(blocks[i].start, limit, runs, run_count);
	}
}
