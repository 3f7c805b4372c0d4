/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a process's memory goes: how its RSS (with what is swapped out of it) grew over a window, how much of that the
 * sites that are shown explain, what the rest is, and when the nearest limit is reached if it goes on like that.
 */
#ifndef MEMTRAWL_ANALYZE_OUTLOOK_H
#define MEMTRAWL_ANALYZE_OUTLOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "analyze/statistics.h"
#include "profile/profile.h"

struct outlook_input {
	const struct profile_look *looks;
	size_t look_count;
	uint64_t shown_bytes; /* what the live bytes of the sites that are shown grew by in the window */
	const struct profile_limit *limit;
	double age_seconds; /* of the process, at the window's end */
};

/* What of a process's memory grew most. */
enum outlook_pattern {
	OUTLOOK_STABLE, /* it grew by less than OUTLOOK_LEAST */
	OUTLOOK_LIVE,   /* live blocks */
	OUTLOOK_BEYOND, /* private memory without them: fragmentation, what the allocator keeps, or mapped directly */
	OUTLOOK_FILES,
	OUTLOOK_SHARED,
};

struct outlook {
	bool known; /* there were two looks */
	/* Of resident and swapped memory, from the first look to the last. */
	int64_t growth_bytes;
	int64_t anon_bytes, file_bytes, shmem_bytes; /* its parts; what is swapped out counts as anonymous */
	int64_t live_bytes;                          /* of all sites */
	/* Bytes an hour, over the last two thirds of the looks: the median of the slopes, and its 95 % interval. */
	struct stats_slope per_hour;
	bool grows;       /* the interval is above 0, and growth_bytes is at least OUTLOOK_LEAST */
	double explained; /* by the sites shown, 0 to 1; negative where nothing grew */
	/* Anonymous memory beyond what all sites grew by: fragmentation, what the allocator keeps, or memory that is
	 * mapped directly. Not below 0. */
	uint64_t beyond_bytes;
	/* It had by far the most of what it has when the window began, and may have grown like this all its life: its
	 * mean growth until then, an hour, if that is within a factor of 3 of what it is now; else 0. */
	double before_per_hour;
	enum outlook_pattern pattern;
	double limit_seconds; /* until the limit is reached; negative: not as far as is known */
};

/* The kernel's counters lag behind by as much (64 pages on two CPUs), so smaller growth is none. */
#define OUTLOOK_LEAST (512 << 10)

struct outlook outlook__of(const struct outlook_input *input);

/* How much of a growth of resident and swapped memory these bytes are, 0 to 1; negative where it is none. */
double outlook__explained(uint64_t shown_bytes, int64_t growth_bytes);

const char *outlook__pattern_name(enum outlook_pattern pattern); /* "live blocks" */

#endif
