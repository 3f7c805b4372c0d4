/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of reading a profile share: for trace/read.c and those that it calls. */
#ifndef MEMTRAWL_TRACE_READER_H
#define MEMTRAWL_TRACE_READER_H

#include "lib/hash.h"
#include "trace/read.h"

struct reader {
	const struct session *session;
	const struct tracked *tracked;
	const struct read_options *options;
	uint32_t id; /* MT_PROCESS */
	struct mt_process process;
	struct mt_counters counters;
	struct profile *profile;
	struct index_map *locations; /* by address and module */
	struct index_map *mappings;  /* by index of the module */
	struct index_map *by_stack;  /* site by stack key */
};

enum { READER_FRAMES_MAX = MT_FRAMES_MAX + 1 };

/*
 * Fills `frames` (READER_FRAMES_MAX of them) with those of a stack in map `stacks`. The count, or -ENOMEM. `settled`,
 * which may be NULL: whether they will be the same whatever code turns up later.
 */
int reader__frames(const struct reader *reader, uint64_t stack, uint32_t *frames, bool *settled);

#endif
