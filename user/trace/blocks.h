/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The live blocks of one process, by address. */
#ifndef MEMTRAWL_TRACE_BLOCKS_H
#define MEMTRAWL_TRACE_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memtrawl.h"
#include "trace/session.h"

struct block {
	uint64_t address;
	struct mt_live live;
};

struct blocks {
	struct block *blocks;
	size_t count, capacity;
	size_t overlapped; /* left out: a newer block is where they are, and their free was missed */
};

/*
 * Reads those of process `id` (MT_PROCESS), of which some `expected` are there. No two overlap. One that comes or goes
 * meanwhile may be there or not. 0 or -errno; the caller frees *blocks with blocks__free() either way.
 */
int blocks__read(const struct session_maps *maps, uint32_t id, size_t expected, struct blocks *blocks);
void blocks__free(struct blocks *blocks);

/*
 * Sets gone[i] for each block that is not in `later`, or not the same there: freed in between, moved, or made again.
 * The other elements are left as they are.
 */
void blocks__compare(const struct blocks *blocks, const struct blocks *later, bool *gone);

#endif
