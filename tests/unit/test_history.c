/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analyze/history.h"

#define SECOND 1000000000ULL

static double growth(const struct history *history, uint64_t since_ns)
{
	double bytes = -1;

	assert_true(history__growth(history, since_ns, &bytes));
	return bytes;
}

static void one_point_is_no_growth(void **state)
{
	struct history history = {0};
	double bytes;

	(void)state;
	assert_false(history__growth(&history, 0, &bytes));
	history__add(&history, SECOND, 100);
	assert_false(history__growth(&history, 0, &bytes));
	history__add(&history, SECOND, 200); /* at the same time */
	assert_false(history__growth(&history, 0, &bytes));
	history__add(&history, 2 * SECOND, 150);
	assert_true(history__growth(&history, 0, &bytes));
	assert_float_equal(bytes, 0, 1e-6);
}

static void a_line_has_its_slope(void **state)
{
	struct history history = {0};

	(void)state;
	for (uint64_t i = 0; i < 10; i++)
		history__add(&history, (1000 + i) * SECOND, (5 << 20) - i * 4096);
	assert_float_equal(growth(&history, 0), -4096.0 * 3600, 1e-3);
}

/* Of 0, 0, 12 at 0, 1 and 2 s: the least squares line rises by 6 a second. */
static void outliers_weigh_by_their_squares(void **state)
{
	struct history history = {0};

	(void)state;
	history__add(&history, 0, 0);
	history__add(&history, SECOND, 0);
	history__add(&history, 2 * SECOND, 12);
	assert_float_equal(growth(&history, 0), 6.0 * 3600, 1e-6);
	assert_float_equal(growth(&history, SECOND), 12.0 * 3600, 1e-6);
	assert_float_equal(growth(&history, 100 * SECOND), 12.0 * 3600, 1e-6); /* the last two */
}

static void a_full_series_is_thinned(void **state)
{
	struct history history = {0};

	(void)state;
	for (uint64_t i = 0; i < HISTORY_POINTS; i++)
		history__add(&history, i * SECOND, i * 10);
	assert_int_equal(history.count, HISTORY_POINTS);
	history__add(&history, 128 * SECOND, 1280);
	/* 0, 2, ... 126, and 128 in the place of 127, which lies too near to 126 */
	assert_int_equal(history.count, 65);
	for (uint64_t i = 0; i < 65; i++) {
		assert_int_equal(history.points[i].ns, 2 * i * SECOND);
		assert_int_equal(history.points[i].bytes, 20 * i);
	}
	history__add(&history, 129 * SECOND, 1290);
	assert_int_equal(history.count, 66);
	history__add(&history, 130 * SECOND, 1300);
	assert_int_equal(history.count, 66);
	assert_int_equal(history.points[65].ns, 130 * SECOND);
}

static void it_goes_on_for_days(void **state)
{
	struct history history = {0};
	const uint64_t seconds = 3 * 86400;

	(void)state;
	for (uint64_t i = 0; i <= seconds; i++) {
		history__add(&history, i * SECOND, i * 3);
		assert_int_equal(history.points[0].ns, 0);
		assert_int_equal(history.points[history.count - 1].ns, i * SECOND);
	}
	assert_in_range(history.count, HISTORY_POINTS / 2, HISTORY_POINTS);
	for (uint32_t i = 1; i < history.count; i++)
		assert_true(history.points[i].ns > history.points[i - 1].ns);
	for (uint32_t i = 1; i + 1 < history.count; i++) /* evenly */
		assert_int_equal(history.points[i].ns - history.points[i - 1].ns, 2048 * SECOND);
	assert_float_equal(growth(&history, 0), 3.0 * 3600, 1e-6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_point_is_no_growth),
		cmocka_unit_test(a_line_has_its_slope),
		cmocka_unit_test(outliers_weigh_by_their_squares),
		cmocka_unit_test(a_full_series_is_thinned),
		cmocka_unit_test(it_goes_on_for_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
