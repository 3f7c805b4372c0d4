/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Collects what call frame information says of an object's functions, and puts it into the order of addresses. */
#ifndef MEMTRAWL_UNWIND_FUNCTIONS_H
#define MEMTRAWL_UNWIND_FUNCTIONS_H

#include "unwind/cfi.h"
#include "unwind/rules.h"
#include "unwind/source.h"

/* Addresses are relative to the source's base, from which an object spans 4 GiB at most. */
struct unwind_row {
	uint32_t address;
	uint32_t rule;
};

struct unwind_function {
	uint32_t first; /* address */
	uint32_t last;  /* address of the last byte */
	uint32_t row;   /* the first of its rows; rows are in the order of the file */
	uint32_t row_count;
};

struct unwind_functions {
	const struct unwind_source *source;
	struct unwind_rules *rules;
	struct unwind_function *functions;
	size_t count, capacity;
	struct unwind_row *rows;
	size_t row_count, row_capacity;
	size_t second_row; /* from here on, rows are of the source's second section */
	bool unsorted;
	size_t refused;
};

/* Takes all of the source's that lie in its code. Returns 0 or -ENOMEM; to be freed in any case. */
int unwind_functions__collect(const struct unwind_source *source, struct unwind_functions *functions);

/*
 * Sorts them, and makes overlapping ones disjoint: a function ends where the next one begins, as for unwinders that
 * search .eh_frame_hdr; of those that begin at one address, the first in the file counts.
 */
void unwind_functions__sort(struct unwind_functions *functions);

void unwind_functions__free(struct unwind_functions *functions);

#endif
