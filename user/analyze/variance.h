/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much figures of several runs differ, in one pass (Welford, Technometrics 4 (1962), p. 419). */
#ifndef MEMTRAWL_ANALYZE_VARIANCE_H
#define MEMTRAWL_ANALYZE_VARIANCE_H

#include <stdint.h>

/* Starts as all 0. */
struct variance {
	uint64_t count;
	double mean, min, max;
	double squares; /* sum of squared differences from the mean */
};

void variance__add(struct variance *variance, double value);

/* Of a sample (divided by n - 1); -1 for fewer than two values, which have none. */
double variance__deviation(const struct variance *variance);

/* The deviation as a part of the mean; -1 where there is no deviation, or the mean is 0. */
double variance__coefficient(const struct variance *variance);

#endif
