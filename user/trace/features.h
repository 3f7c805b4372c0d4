/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this kernel allows, found out by trying. */
#ifndef MEMTRAWL_TRACE_FEATURES_H
#define MEMTRAWL_TRACE_FEATURES_H

#include <stdbool.h>

#include "trace/calibrate.h"
#include "trace/rung.h"

struct features {
	bool rungs[RUNG_COUNT];
	char why_not[RUNG_COUNT][256];
	enum rung best;          /* RUNG_COUNT if none */
	bool iterator;           /* `cat top` in a pinned session */
	struct trap_costs costs; /* on the best rung */
};

/* Loads the programs once for each rung; a second or so. */
void features__probe(struct features *features);

#endif
