/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values are those of R 4.2.2, of series that come with it, x being 1, 2, ...:
 *
 *	k <- cor.test(x, y, method = "kendall", exact = FALSE, continuity = TRUE); k$statistic; k$p.value
 *	summary(lm(y ~ x))$r.squared
 *
 * and, as R itself has no slope of Theil and Sen,
 *
 *	o <- outer(y, y, "-") / outer(x, x, "-"); s <- sort(o[lower.tri(o)]); n <- length(s); N <- length(y); t <-
 *table(y) C <- qnorm(0.975) * sqrt((N * (N-1) * (2*N+5) - sum(t * (t-1) * (2*t+5))) / 18) median(s); s[round((n - C) /
 *2)]; s[round((n + C) / 2 + 1)]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "analyze/statistics.h"
#include "lib/array.h"

static void near(double value, double expected)
{
	if (!(fabs(value - expected) <= fabs(expected) * 1e-11))
		fail_msg("%.17g, expected %.17g", value, expected);
}

/* as.numeric(Nile)[1:40] */
static const double nile[] = {1120, 1160, 963,  1210, 1160, 1160, 813,  1230, 1370, 1140, 995,  935,  1110, 994,
			      1020, 960,  1180, 799,  958,  1140, 1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100,
			      774,  840,  874,  694,  940,  833,  701,  916,  692,  1020, 1050, 969};
/* as.numeric(LakeHuron)[1:30] */
static const double huron[] = {580.38, 581.86, 580.97, 580.8,  579.79, 580.39, 580.42, 580.82, 581.4,  581.32,
			       581.44, 581.68, 581.17, 580.53, 580.01, 579.91, 579.14, 579.16, 579.55, 579.67,
			       578.44, 578.24, 579.1,  579.09, 579.35, 578.82, 579.32, 579.01, 579,    579.8};
/* airquality$Temp[1:31], with many ties */
static const double temperature[] = {67, 72, 74, 62, 56, 66, 65, 59, 61, 69, 74, 69, 66, 68, 58, 64,
				     66, 57, 68, 62, 59, 73, 61, 61, 57, 58, 57, 67, 81, 79, 76};

static const struct sample {
	const double *y;
	size_t count;
	double slope, low, high, z, p, r_squared;
} samples[] = {
	{nile, ARRAY_SIZE(nile), -6.12023809523810, -11.6, -1.33333333333333, -2.58787665567699809, 0.00965695532665928,
	 0.208059700804091},
	{huron, ARRAY_SIZE(huron), -0.0789473684210526, -0.1154545454545541, -0.0514285714285734, -4.03207300679136,
	 5.52870052433254e-05, 0.55097104830514},
	{temperature, ARRAY_SIZE(temperature), -0.05, -0.375, 0.307692307692308, -0.272652465519438, 0.785120377636655,
	 0.00846224256292906},
};

static size_t points_of(const struct sample *sample, struct stats_point *points)
{
	for (size_t i = 0; i < sample->count; i++)
		points[i] = (struct stats_point){(double)(i + 1), sample->y[i]};
	return sample->count;
}

static void slopes_are_those_of_r(void **state)
{
	struct stats_point points[STATS_POINTS_MAX];
	struct stats_slope slope;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		assert_true(stats__theil_sen(points, points_of(&samples[i], points), &slope));
		near(slope.slope, samples[i].slope);
		near(slope.low, samples[i].low);
		near(slope.high, samples[i].high);
	}
}

static void trends_are_those_of_r(void **state)
{
	struct stats_point points[STATS_POINTS_MAX];
	struct stats_trend trend;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		trend = stats__mann_kendall(points, points_of(&samples[i], points));
		near(trend.z, samples[i].z);
		near(trend.p, samples[i].p);
	}
}

static void fits_are_those_of_r(void **state)
{
	struct stats_point points[STATS_POINTS_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++)
		near(stats__r_squared(points, points_of(&samples[i], points)), samples[i].r_squared);
}

static void one_outlier_is_nothing_to_a_median(void **state)
{
	struct stats_point points[20];
	struct stats_slope slope;

	(void)state;
	for (int i = 0; i < 20; i++)
		points[i] = (struct stats_point){i, 3 * i + 1};
	points[7].y = 1e12;
	assert_true(stats__theil_sen(points, ARRAY_SIZE(points), &slope));
	near(slope.slope, 3);
}

static void little_gives_nothing(void **state)
{
	struct stats_point same[] = {{1, 5}, {1, 7}}, level[] = {{1, 5}, {2, 5}, {3, 5}};
	struct stats_point many[STATS_POINTS_MAX + 1] = {{0}};
	struct stats_slope slope;
	struct stats_trend trend;

	(void)state;
	assert_false(stats__theil_sen(same, 0, &slope));
	assert_false(stats__theil_sen(same, 1, &slope));
	assert_false(stats__theil_sen(same, 2, &slope)); /* at the same time */
	assert_false(stats__theil_sen(many, ARRAY_SIZE(many), &slope));
	assert_true(stats__theil_sen(level, 3, &slope));
	assert_true(slope.slope == 0 && slope.low == 0 && slope.high == 0);
	trend = stats__mann_kendall(level, 3);
	assert_true(trend.s == 0 && trend.z == 0 && trend.p == 1);
	trend = stats__mann_kendall(level, 0);
	assert_true(trend.s == 0 && trend.p == 1);
	assert_true(stats__r_squared(same, 2) == 0);
	assert_true(stats__r_squared(level, 3) == 1);
	assert_true(isnan(stats__median(NULL, 0)));
}

static void the_middle_is_the_median(void **state)
{
	double odd[] = {3, 1, 2}, even[] = {4, 1, 3, 2};

	(void)state;
	near(stats__median(odd, 3), 2);
	near(stats__median(even, 4), 2.5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slopes_are_those_of_r), cmocka_unit_test(trends_are_those_of_r),
		cmocka_unit_test(fits_are_those_of_r),   cmocka_unit_test(one_outlier_is_nothing_to_a_median),
		cmocka_unit_test(little_gives_nothing),  cmocka_unit_test(the_middle_is_the_median),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
