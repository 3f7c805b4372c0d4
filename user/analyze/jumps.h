/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Times at which a process's memory changed all of a sudden: its live bytes, or its RSS, between two looks by more than
 * the looks before let expect. What is expected is the mean rate of the JUMP_WINDOW intervals before that had no jump,
 * of which there must be JUMP_LEAST_INTERVALS, by the time between the two looks; it is a jump from JUMP_DEVIATIONS of
 * their standard deviation on, if it is JUMP_LEAST bytes and JUMP_SHARE of what there was as well. Jumps one right
 * after the other in the same direction are one.
 */
#ifndef MEMTRAWL_ANALYZE_JUMPS_H
#define MEMTRAWL_ANALYZE_JUMPS_H

#include <stddef.h>
#include <stdint.h>

#include "profile/profile.h"

enum {
	JUMP_WINDOW = 8,
	JUMP_LEAST_INTERVALS = 4,
	JUMP_DEVIATIONS = 4,
	JUMP_LEAST = 1 << 20,
	JUMPS_MAX = 16, /* the largest are kept */
};

#define JUMP_SHARE 0.05

struct jump {
	size_t from, to; /* looks: it was between them */
	int64_t rss_bytes, live_bytes;
	double deviations; /* beyond what was expected, of the one of both that is further off; at most 1000 */
};

/* Fills `jumps` in the order of time. Returns how many there are. */
size_t jumps__find(const struct profile_look *looks, size_t count, struct jump jumps[JUMPS_MAX]);

#endif
