/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How allocator calls are caught. The first rung that the kernel can do is taken; whether it can is found out by making
 * a link, as programs load with attach types that the kernel lacks.
 */
#ifndef MEMTRAWL_TRACE_RUNG_H
#define MEMTRAWL_TRACE_RUNG_H

#include <stdbool.h>

#include "lib/error.h"

enum rung {
	RUNG_SESSION, /* one program at entry and return, the return trap only when it is wanted: 6.13 */
	RUNG_MULTI,   /* many probes in a link, with a return link beside it: 6.6 */
	RUNG_PERF,    /* a perf event for each probe: 4.17 */
	RUNG_COUNT,
};

const char *rung__name(enum rung rung); /* "session", "multi", "perf" */

/* Are its tables the kernel's hash maps? Our own buckets need an instruction that came with 5.12. */
bool rung__tables_are_hashed(enum rung rung);

/*
 * The rung that MEMTRAWL_FORCE_RUNG names, RUNG_COUNT if it is not set. A usage error for an unknown name.
 */
int rung__forced(enum rung *rung, struct error *err);

#endif
