/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How what a site holds developed over a window, in figures. Times are seconds since the window began, W is its length.
 *
 *	floor(t)     the least that lived at t or later: what has been there from t on and stayed, block by block or
 *		     replaced. It never falls, and does not follow what comes and goes.
 *	survival     of what was allocated in a part of the window: the share that lives at its end
 *
 * What is told by few blocks or rises is uncertain: of two figures there is also what they are with one standard error
 * in favour of a leak.
 */
#ifndef MEMTRAWL_ANALYZE_TREND_H
#define MEMTRAWL_ANALYZE_TREND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyze/statistics.h"
#include "profile/profile.h"

struct trend_input {
	double seconds; /* W */
	const struct profile_look *looks;
	const struct profile_point *points; /* look_count of them */
	size_t look_count;
	const uint64_t *births; /* PROFILE_BIRTHS */
	double block_bytes;     /* of a live block, on average */
	double oldest_seconds;  /* age of the oldest live block */
};

struct trend {
	bool known;               /* there were looks enough */
	struct stats_slope slope; /* of live bytes, a second, in the last two thirds */
	struct stats_trend test;  /* of the same */
	double r_squared;         /* of the same */
	/* What the floor rose by from W/2 to 5/6 W, by what it did from W/6 to W/2, at most 1: 1 for a leak, 0 for what
	 * is full. The error is that of sums of rises from look to look, taken to be independent. */
	double steadiness, steadiness_high;
	/* Survival of the first third of the window by that of the second, at most 1: 1 for what is never freed, 0 for
	 * what lives less than a third of the window. The error is that of the numbers of blocks
	 * that do not depend on each other. */
	double lasting, lasting_high;
	/* The same by thirds of the time from the first part on of which anything lives, where that is not the first
	 * part but one of the window's first half; else 0. What began to leak late has no blocks from before that. */
	double late_lasting;
	/* The chance that blocks which are never freed are all as young as the oldest that there is, by the number of
	 * those that are older than half of the time since the first was allocated: 0 for what is freed at an age. */
	double elders;
	double late_growth_bytes, late_growth_objects; /* of live ones in the last half, from median to median */
	/* What live bytes changed by in the last two thirds, by the sum of their changes from look to look, whichever
	 * way: 1 for what only grows, near 0 for what goes up and down. */
	double directness;
	/* In the last half, by how many standard deviations more blocks were allocated than freed, if each came by
	 * chance (the difference, by the square root of the sum); and that sum, by the live blocks at the end. */
	double excess, turnover;
	size_t highs;      /* looks in the last two thirds at which more lived than ever before */
	double step_share; /* of the growth there, in the quarter of those looks that had most of it */
	double drawdown;   /* the largest fall from a high, by that high */
};

/* Pure; allocates only for the while. Not known with less than TREND_LOOKS_LEAST looks. */
enum { TREND_LOOKS_LEAST = 8 };
struct trend trend__of(const struct trend_input *input);

#endif
