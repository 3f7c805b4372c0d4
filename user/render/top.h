/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `top` shows: all processes by what they hold, as a table for people, as JSON, and as CSV. */
#ifndef MEMTRAWL_RENDER_TOP_H
#define MEMTRAWL_RENDER_TOP_H

#include "analyze/census_view.h"
#include "lib/buf.h"

struct top_report {
	const struct census *census;
	const struct census_view *view;
	uint64_t top_n;                /* lines at most; 0: all */
	int64_t time_ns;               /* when it was looked, since 1970 */
	double seconds;                /* since the first look */
	int64_t boot_ns, monotonic_ns; /* when CLOCK_BOOTTIME and CLOCK_MONOTONIC were 0, since 1970 */
	uint64_t peak_bound_bytes;     /* by as much at most may a peak be off */
	uint64_t peaks_lost, events_lost;
	double rest_seconds; /* for which peaks were left to the kernel, which does not tell when they were */
};

/* `width` as for render__text(). */
void render__top_text(const struct top_report *report, size_t width, struct buf *out);
void render__top_json(const struct top_report *report, struct buf *out); /* "memtrawl.top/1" */
void render__top_csv(const struct top_report *report, struct buf *out);

/* The text's parts, for a screen: a few lines on the whole, the names of the columns, a line of the table. */
void render__top_summary(const struct top_report *report, size_t width, struct buf *out);
void render__top_columns(const struct top_report *report, size_t width, struct buf *out);
void render__top_line(const struct top_report *report, const struct census_line *line, size_t width, struct buf *out);

/* "cgroup /web: 412.0 MiB of 512.0 MiB, full in 3m20s" */
void render__top_limit(const struct census *census, const struct census_limit *limit, struct buf *out);

#endif
