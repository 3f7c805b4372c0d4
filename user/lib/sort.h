/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sorting by numbers, in a time that grows with their count alone: for millions of them several times faster than
 * qsort. */
#ifndef MEMTRAWL_LIB_SORT_H
#define MEMTRAWL_LIB_SORT_H

#include <stddef.h>
#include <stdint.h>

struct sort_item {
	uint64_t key;
	uint32_t index; /* the caller's own */
};

/* Ascending by key, stable. `scratch` has room for as many. */
void sort__by_key(struct sort_item *items, struct sort_item *scratch, size_t count);

#endif
