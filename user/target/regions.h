/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ranges of addresses that a process mapped, as they were recorded call by call, put together to what is still mapped
 * of each. The records may overlap (one mapped over another, unmapped in the middle, moved): of two the newer is right
 * where they do. What nobody saw being unmapped is told by the process's mappings.
 */
#ifndef MEMTRAWL_TARGET_REGIONS_H
#define MEMTRAWL_TARGET_REGIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/maps.h"

struct region {
	uint64_t start, length; /* in bytes */
	uint64_t since_ns;      /* when it was recorded */
	uint64_t stack;         /* the caller's own */
	bool gone;              /* it tells of memory that was unmapped */
	uint64_t live_bytes;    /* result: what is still there of it, and no newer record's */
};

/*
 * Sorts the records by address, and sets their live bytes. `maps` has the process's mappings as they are after the
 * records were read, of which private anonymous ones count; NULL if it has none any more: then the records alone do.
 * Returns 0 or -ENOMEM.
 */
int regions__reconcile(struct region *regions, size_t count, const struct maps *maps);

#endif
