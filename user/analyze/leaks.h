/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much a site looks like a leak, judged from one window of observation.
 *
 *	confidence = retained^2 x persistence x repetition x certainty		in [0, 1]
 *	score	   = live bytes x confidence
 *
 *	retained    the share of what was allocated in the window that still lives, by bytes or by objects, whichever is
 *		    less: 1 for a leak, near 0 for a cache that turns over. Squared, since a cache is large.
 *	persistence the share of live bytes in blocks at least as old as the threshold, relative to what a steady leak
 *		    would have (1 - threshold / window), within [0.1, 1]: buffers in flight are young. 0.5 if ages are
 *		    not known.
 *	repetition  n / (n + 1) for n live objects: one block is no trend.
 *	certainty   1 - standard error / live bytes, not below 0: of sampling.
 *
 * So a steady leak of a megabyte (score: nearly that) comes before a busy cache of a hundred megabytes of which two
 * percent survive the window (0.02^2 x 0.1 x 100 MB: four kilobytes).
 */
#ifndef MEMTRAWL_ANALYZE_LEAKS_H
#define MEMTRAWL_ANALYZE_LEAKS_H

#include <stdint.h>

/* By growth that is likely to be a leak's: growth_bytes_per_hour x confidence. */
enum leak_severity {
	LEAK_NONE,   /* confidence below 0.05: freed as it goes */
	LEAK_LOW,    /* below 4 MiB an hour */
	LEAK_MEDIUM, /* below 64 MiB an hour */
	LEAK_HIGH,
};

struct leak {
	double score;      /* bytes */
	double confidence; /* 0 to 1 */
	enum leak_severity severity;
	double growth_bytes_per_hour; /* live bytes / window: all of them were allocated in it */
	double oldest_age_seconds;    /* negative: unknown */
	double retained;              /* 0 to 1 */
	double persistence;           /* 0 to 1 */
};

struct report_counts;

/* `older_seconds` is the threshold that counts->older_bytes was counted with; 0 if it was not. */
struct leak leak__judge(const struct report_counts *counts, double window_seconds, double older_seconds);

/* "high" */
const char *leak__severity_name(enum leak_severity severity);

#endif
