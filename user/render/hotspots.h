/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a running watch knows of the processes that it looks after. */
#ifndef MEMTRAWL_RENDER_HOTSPOTS_H
#define MEMTRAWL_RENDER_HOTSPOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/buf.h"

struct hotspot {
	const char *comm;
	const char *cgroup;    /* NULL if unknown */
	const char *last_path; /* of its last snapshot, or NULL */
	double seconds;        /* since it was seen first */
	uint64_t samples;
	uint64_t rss_bytes; /* now */
	double rss_average, rss_min, rss_max;
	double cpu_average, cpu_min, cpu_max; /* percent of a CPU, if cpu_known */
	double growth_per_hour;               /* bytes, if growth_known */
	uint64_t threshold_bytes;             /* of RSS; 0: none */
	double threshold_growth;              /* bytes per hour; 0: none */
	uint64_t limit_bytes, used_bytes;     /* of the tightest limit; 0: none */
	uint64_t crossings, skipped, captures, failures;
	pid_t pid;
	bool cpu_known, growth_known;
	bool above; /* a threshold is crossed, and not fallen back from */
};

struct hotspots_report {
	int64_t since_ns, time_ns; /* since 1970 */
	uint64_t looks;
	uint64_t captures, failures, under_way; /* of all processes, those that are gone too */
	uint64_t hooks_started, hooks_failed, hooks_timed_out, hooks_dropped;
	uint64_t victims; /* processes that the kernel ended as memory was short */
	uint64_t events_lost, peaks_lost, journal_lost;
	double rest_seconds;  /* as in struct top_report */
	struct hotspot *rows; /* the largest first */
	size_t count;
};

void render__hotspots_text(const struct hotspots_report *report, size_t width, struct buf *out);
void render__hotspots_json(const struct hotspots_report *report, struct buf *out); /* "memtrawl.hotspots/1" */

#endif
