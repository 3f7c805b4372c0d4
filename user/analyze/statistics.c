/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/statistics.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#define NORMAL_975 1.959963984540054 /* 97.5 % of the normal distribution lie below */

double stats__share(double number)
{
	return number < 0 ? 0 : number > 1 ? 1 : number;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double stats__median(double *values, size_t count)
{
	if (!count)
		return NAN;
	qsort(values, count, sizeof(*values), compare);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* ---- Kendall's S */

static double sign(double number)
{
	return number > 0 ? 1 : number < 0 ? -1 : 0;
}

/* What t equal values take off 18 times the variance. */
static double ties_of(double t)
{
	return t * (t - 1) * (2 * t + 5);
}

/* Of S, where values of y may be equal (Kendall 1975; x is taken to differ). */
static double variance(const struct stats_point *points, size_t count)
{
	double sum = ties_of((double)count);

	for (size_t i = 0; i < count; i++) {
		size_t same = 1;
		bool seen = false;

		for (size_t j = 0; j < i; j++)
			seen = seen || points[j].y == points[i].y;
		for (size_t j = i + 1; !seen && j < count; j++)
			same += points[j].y == points[i].y;
		if (!seen)
			sum -= ties_of((double)same);
	}
	return sum / 18;
}

struct stats_trend stats__mann_kendall(const struct stats_point *points, size_t count)
{
	struct stats_trend trend = {.p = 1};
	double deviation = sqrt(variance(points, count));

	for (size_t i = 0; i < count; i++)
		for (size_t j = i + 1; j < count; j++)
			trend.s += sign(points[j].y - points[i].y);
	if (!(deviation > 0))
		return trend;
	trend.z = (trend.s - sign(trend.s)) / deviation;
	trend.p = erfc(fabs(trend.z) / M_SQRT2);
	return trend;
}

/* ---- slopes */

static size_t slopes_of(const struct stats_point *points, size_t count, double *slopes)
{
	size_t pairs = 0;

	for (size_t i = 0; i < count; i++)
		for (size_t j = i + 1; j < count; j++)
			if (points[j].x > points[i].x)
				slopes[pairs++] = (points[j].y - points[i].y) / (points[j].x - points[i].x);
	return pairs;
}

/* Of slopes in order; ranks count from 1. */
static double at_rank(const double *slopes, size_t pairs, double rank)
{
	double index = round(rank) - 1;

	return slopes[index < 0 ? 0 : index >= (double)pairs ? pairs - 1 : (size_t)index];
}

bool stats__theil_sen(const struct stats_point *points, size_t count, struct stats_slope *slope)
{
	double *slopes = NULL, spread;
	size_t pairs = 0;

	if (count >= 2 && count <= STATS_POINTS_MAX)
		slopes = calloc(count * (count - 1) / 2, sizeof(*slopes));
	if (slopes)
		pairs = slopes_of(points, count, slopes);
	if (pairs) {
		slope->slope = stats__median(slopes, pairs);
		spread = NORMAL_975 * sqrt(variance(points, count));
		slope->low = at_rank(slopes, pairs, ((double)pairs - spread) / 2);
		slope->high = at_rank(slopes, pairs, ((double)pairs + spread) / 2 + 1);
	}
	free(slopes);
	return pairs;
}

/* ---- the line by least squares */

double stats__r_squared(const struct stats_point *points, size_t count)
{
	double mean_x = 0, mean_y = 0, xx = 0, xy = 0, yy = 0;

	for (size_t i = 0; i < count; i++) {
		mean_x += points[i].x / (double)count;
		mean_y += points[i].y / (double)count;
	}
	for (size_t i = 0; i < count; i++) {
		double x = points[i].x - mean_x, y = points[i].y - mean_y;

		xx += x * x;
		xy += x * y;
		yy += y * y;
	}
	if (!(xx > 0))
		return 0;
	return yy > 0 ? xy * xy / (xx * yy) : 1;
}
