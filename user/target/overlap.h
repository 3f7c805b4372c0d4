/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much of some blocks of memory lies in pages that are resident. */
#ifndef MEMTRAWL_TARGET_OVERLAP_H
#define MEMTRAWL_TARGET_OVERLAP_H

#include <stddef.h>
#include <stdint.h>

struct block_range {
	uint64_t start, size;
	uint32_t owner;    /* the caller's own */
	uint64_t resident; /* result: bytes of it in resident pages */
};

struct page_run {
	uint64_t start, limit; /* addresses */
};

/*
 * Sorts the blocks by address, and sets what is resident of each. Runs are in the order of addresses and do not
 * overlap; blocks may.
 */
void overlap__resident(struct block_range *blocks, size_t block_count, const struct page_run *runs, size_t run_count);

/* Bytes of [start, limit) in runs. */
uint64_t overlap__in_runs(uint64_t start, uint64_t limit, const struct page_run *runs, size_t run_count);

#endif
