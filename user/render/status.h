/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How pinned sessions are doing. */
#ifndef MEMTRAWL_RENDER_STATUS_H
#define MEMTRAWL_RENDER_STATUS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "loss.h"

struct status_row {
	pid_t pid;
	const char *comm;
	bool alive;                                  /* the process */
	pid_t keeper;                                /* 0: unattended */
	bool tables_outdated;                        /* older than the process's mappings: stacks may end early */
	int64_t since_ns;                            /* since 1970 */
	double seconds;                              /* tracing so far */
	const char *rung;                            /* how calls are caught */
	bool heap, pages;                            /* what is traced */
	const char *stacks;                          /* how stacks are unwound */
	uint64_t period_bytes, largest_period_bytes; /* 0: exact */
	double paused_seconds;
	double overhead_percent, max_overhead_percent; /* measured last; the budget, 0 for none */
	double probe_cpu_percent;                      /* probe time, of one CPU */
	bool negligible;     /* it is so little that the budget does not act on it, though it is above */
	uint64_t event_rate; /* traps a second, measured last */
	uint64_t live_bytes, live_blocks, peak_bytes;
	uint64_t tracked_blocks, tracked_capacity; /* of the live table */
	uint64_t frames;
	uint64_t loss[MT_LOSS_MAX];
	size_t snapshots; /* of this process, in the store */
};

void render__status_text(const struct status_row *rows, size_t count, struct buf *out);
/* "memtrawl.status/1" */
void render__status_json(const struct status_row *rows, size_t count, struct buf *out);

#endif
