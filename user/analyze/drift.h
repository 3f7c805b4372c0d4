/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Has what a site holds changed by more than chance? At one moment more blocks are live than at another also where
 * nothing has changed, as requests come and go: like the count of a Poisson process, which has a standard deviation of
 * the root of its mean. So the difference of the live bytes is compared with
 *
 *	deviation = sqrt(size^2 x (objects before + objects after) + standard error before^2 + after^2)
 *
 * where size is that of a block on average, and the errors are those of sampling.
 */
#ifndef MEMTRAWL_ANALYZE_DRIFT_H
#define MEMTRAWL_ANALYZE_DRIFT_H

#include <stdbool.h>
#include <stdint.h>

struct drift {
	double z;         /* the difference by its deviation; 0 where nothing lives on either side */
	bool significant; /* DRIFT_Z either way, and DRIFT_SHARE of the larger total */
};

#define DRIFT_Z     3.0 /* by chance once in 370 times */
#define DRIFT_SHARE 0.01

struct report_counts;

/* `total` is the live bytes of all sites, of the profile that has more. */
struct drift drift__of(const struct report_counts *before, const struct report_counts *after, uint64_t total);

#endif
