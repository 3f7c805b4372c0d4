/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of many blocks of memory an address is in, in a time that does not grow with their number. */
#ifndef MEMTRAWL_ANALYZE_BLOCK_INDEX_H
#define MEMTRAWL_ANALYZE_BLOCK_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct block_span {
	uint64_t start, limit; /* addresses [start, limit) */
};

#define BLOCK_NONE UINT32_MAX

struct block_index;

/*
 * Of `count` blocks (fewer than 2^31), sorted by address, none empty, no two of which overlap, below 2^47 as a
 * process's addresses are. They are borrowed for the life of the index. Memory: 8 bytes for each page that a block is
 * in, in pieces of 4 KiB. NULL when memory is short.
 */
struct block_index *block_index__new(const struct block_span *blocks, size_t count);
void block_index__free(struct block_index *index);

/*
 * Looking one up is done in two steps, so that the memory that the second one reads can be on its way while others do
 * their first: a guess, which may be BLOCK_NONE, and with it the block whose start is the last one at or before the
 * address and which lies in the address's page or reaches up to it: the address may be in it, or behind it. BLOCK_NONE
 * if there is none.
 */
uint32_t block_index__guess(const struct block_index *index, uint64_t address);
uint32_t block_index__find(const struct block_index *index, uint64_t address, uint32_t guess);

#endif
