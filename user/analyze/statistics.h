/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statistics of a series that may have outliers, steps and ties, and is of no known distribution: what can be said of
 * its trend. All of them are of n points, in the order of x, of which some may be the same.
 */
#ifndef MEMTRAWL_ANALYZE_STATISTICS_H
#define MEMTRAWL_ANALYZE_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

struct stats_point {
	double x, y;
};

/* More points than that would be more pairs than anyone needs: 8,128. */
enum { STATS_POINTS_MAX = 128 };

/* The number, but not below 0 and not above 1. */
double stats__share(double number);

/* The middle one, or the mean of the two in the middle; puts the values in order. NAN for none. */
double stats__median(double *values, size_t count);

struct stats_slope {
	double slope;     /* the median of the slopes of all pairs (Theil 1950, Sen 1968) */
	double low, high; /* its 95 % interval, by the variance of Kendall's S (Sen 1968), ranks rounded */
};

/* False where there are no two points with different x, more than STATS_POINTS_MAX, or no memory. */
bool stats__theil_sen(const struct stats_point *points, size_t count, struct stats_slope *slope);

/*
 * The test of Mann (1945) and Kendall (1975) for a monotonic trend: S is the number of pairs that rise less those that
 * fall; z is S by its standard deviation, with corrections for ties and for continuity; p is the chance of such an S or
 * a larger one, either way, where there is no trend, by the normal distribution. (Points must not depend on each other
 * for p to be that chance; memory's do, so it errs towards a trend.)
 */
struct stats_trend {
	double s, z, p;
};

/* All 0 and p = 1 where all are the same, or there are fewer than two. */
struct stats_trend stats__mann_kendall(const struct stats_point *points, size_t count);

/* R squared of the line through them by least squares, 0 to 1; 1 where all lie on it; 0 for less than two x. */
double stats__r_squared(const struct stats_point *points, size_t count);

#endif
