/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a figure developed: a series of bounded size over a time that is not. When it is full, every other point goes,
 * and those that come from then on lie as far apart as those that stayed. The first and the newest are always there.
 */
#ifndef MEMTRAWL_ANALYZE_HISTORY_H
#define MEMTRAWL_ANALYZE_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

enum { HISTORY_POINTS = 128 };

struct history_point {
	uint64_t ns;
	uint64_t bytes;
};

struct history {
	struct history_point points[HISTORY_POINTS]; /* in the order of time */
	uint32_t count;
	uint64_t spacing_ns; /* points nearer to each other than this are not kept, but for the newest */
	uint64_t slack_ns;   /* by as much may a look be early */
};

/* `ns` is not before that of the newest point. */
void history__add(struct history *history, uint64_t ns, uint64_t bytes);

/*
 * By least squares over the points from since_ns on, or over the last two where there are no two since then. False when
 * there are no two points at different times at all.
 */
bool history__growth(const struct history *history, uint64_t since_ns, double *bytes_per_hour);

#endif
