/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "window.h"

static void near(double value, double expected)
{
	if (!(fabs(value - expected) <= 1e-9))
		fail_msg("%.17g, expected %.17g", value, expected);
}

static void a_leak_is_steady_and_lasts(void **state)
{
	struct window window;
	struct trend trend;

	(void)state;
	window_leak(&window);
	trend = trend__of(&window.input);
	assert_true(trend.known);
	near(trend.slope.slope, 10 * KB);
	near(trend.slope.low, 10 * KB);
	near(trend.r_squared, 1);
	near(trend.test.s, 33 * 32 / 2.0); /* of the looks from 16 s on, all pairs rise */
	near(trend.steadiness, 1);
	near(trend.lasting, 1);
	near(trend.elders, 1);
	near(trend.late_growth_bytes, 240 * KB - 4 * 10 * KB / 2.0); /* to the median of the last five looks */
	near(trend.late_growth_objects, 220);
	assert_int_equal(trend.highs, 33);
	near(trend.drawdown, 0);
}

/* It frees what is 12 s old: no block is older, and it has been full for 36 s. */
static void what_expires_is_full_and_has_no_elders(void **state)
{
	struct window window;
	struct trend trend;

	(void)state;
	window_begin(&window, 10);
	for (int i = 0; i < LOOKS; i++)
		window_set_live(&window, i, i < 12 ? 10 * (uint64_t)i : 120);
	for (int i = PROFILE_BIRTHS - 12 / PER_BIRTH; i < PROFILE_BIRTHS; i++)
		window.births[i] = 10 * PER_BIRTH * KB;
	window.input.oldest_seconds = 12;
	trend = trend__of(&window.input);
	near(trend.slope.slope, 0);
	near(trend.test.z, 0);
	near(trend.steadiness, 0);
	/* from 8 to 24 s it rises four times by 10 blocks, and twelve times not: 2.5 on average */
	near(trend.steadiness_high, sqrt((4 * 7.5 * 7.5 + 12 * 2.5 * 2.5) / 2) / 40);
	near(trend.lasting, 0);
	near(trend.elders, 0);
	assert_int_equal(trend.highs, 0);
}

/* It expires after 40 s: all that is older than half of the window lives but what was made in the first 8 s. */
static void elders_are_missed_where_there_should_be_many(void **state)
{
	struct window window;
	struct trend trend;

	(void)state;
	window_leak(&window);
	for (int i = 41; i < LOOKS; i++)
		window_set_live(&window, i, 400);
	for (int i = 0; i < 8 / PER_BIRTH; i++)
		window.births[i] = 0;
	window.input.oldest_seconds = 40;
	trend = trend__of(&window.input);
	near(trend.lasting, 0.5);
	/* the first block was there at 1 s: 47 s ago; 160 blocks are older than half of that, 23.5 s */
	near(trend.elders, pow((40 - 23.5) / 23.5, 160));
	/* of five blocks it says little */
	window.input.block_bytes = 32 * KB;
	assert_true(trend__of(&window.input).elders > 0.1);
}

/* Everything goes at 16, 32 and 48 s: there is no floor. */
static void a_saw_tooth_has_no_floor(void **state)
{
	struct window window;
	struct trend trend;

	(void)state;
	window_begin(&window, 10);
	for (int i = 0; i < LOOKS; i++)
		window_set_live(&window, i, 10 * ((uint64_t)i % 16));
	window.input.oldest_seconds = 0;
	trend = trend__of(&window.input);
	near(trend.steadiness, 0);
	near(trend.lasting, 0);
	near(trend.drawdown, 1);
	assert_int_equal(trend.highs, 0); /* at 15 s it was as high as it will ever be */
}

/* A step of 100 blocks each 6 s: that there are as many early as late is uncertain, and that is said. */
static void steps_are_uncertain(void **state)
{
	struct window window;
	struct trend trend;
	double mean = 3 * 100.0 / 16, squares = 3 * (100 - mean) * (100 - mean) + 13 * mean * mean;

	(void)state;
	window_begin(&window, 0);
	for (int i = 0; i < LOOKS; i++)
		window_set_live(&window, i, 100 * ((uint64_t)i / 6));
	trend = trend__of(&window.input);
	/* from 8 to 24 s there are steps at 12, 18 and 24; from 24 to 40 s at 30 and 36 */
	near(trend.steadiness, 2 / 3.0);
	near(trend.step_share, 1);
	assert_int_equal(trend.highs, 6);
	mean = 2 * 100.0 / 16;
	squares += 2 * (100 - mean) * (100 - mean) + 14 * mean * mean;
	near(trend.steadiness_high, fmin(1, 2 / 3.0 + sqrt(squares / 2 * (1 + 4 / 9.0)) / 300));
}

/* Ever slower: the rises of the second half are a quarter of those of the first, and evenly so. */
static void warming_up_is_not_steady(void **state)
{
	struct window window;
	struct trend trend;

	(void)state;
	window_begin(&window, 0);
	for (int i = 0; i < LOOKS; i++)
		window_set_live(&window, i, i < 24 ? 40 * (uint64_t)i : 40 * 24 + 10 * ((uint64_t)i - 24));
	trend = trend__of(&window.input);
	near(trend.steadiness, 0.25);
	near(trend.steadiness_high, 0.25);
	assert_true(trend.test.z > 3);
}

static void little_is_not_known(void **state)
{
	struct window window;

	(void)state;
	window_leak(&window);
	window.input.look_count = TREND_LOOKS_LEAST - 1;
	assert_false(trend__of(&window.input).known);
	window_leak(&window);
	window.input.points = NULL;
	assert_false(trend__of(&window.input).known);
	window_leak(&window);
	window.input.seconds = 0;
	assert_false(trend__of(&window.input).known);
	window_leak(&window);
	window.input.block_bytes = 0;
	assert_false(trend__of(&window.input).known);
}

/* A window in which nothing ever was: no figure is anything but a number. */
static void nothing_is_finite(void **state)
{
	struct window window;
	struct trend trend;

	(void)state;
	window_begin(&window, 0);
	window.input.oldest_seconds = -1;
	trend = trend__of(&window.input);
	assert_true(trend.known);
	near(trend.slope.slope, 0);
	near(trend.test.p, 1);
	near(trend.steadiness, 0);
	near(trend.lasting_high, 0);
	near(trend.elders, 0);
	near(trend.step_share, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_leak_is_steady_and_lasts),
		cmocka_unit_test(what_expires_is_full_and_has_no_elders),
		cmocka_unit_test(elders_are_missed_where_there_should_be_many),
		cmocka_unit_test(a_saw_tooth_has_no_floor),
		cmocka_unit_test(steps_are_uncertain),
		cmocka_unit_test(warming_up_is_not_steady),
		cmocka_unit_test(little_is_not_known),
		cmocka_unit_test(nothing_is_finite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
