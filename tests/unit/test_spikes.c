/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "analyze/spikes.h"
#include "analyze/variance.h"
#include "lib/array.h"
#include "lib/jitter.h"

/* Milliseconds and kB; a spike is more than 100 kB within a second. */
struct moment {
	uint64_t ms, kb;
};

struct expected {
	uint64_t start_ms, start_kb, top_ms, top_kb;
};

static void check(const struct moment *moments, size_t count, const struct expected *expected, size_t expected_count)
{
	struct spikes spikes = {.options = {.rise_kb = 100, .within_us = 1000000}};

	for (size_t i = 0; i < count; i++) {
		const struct rss_sample sample = {.time_us = moments[i].ms * 1000, .rss_kb = moments[i].kb};

		spikes__add(&spikes, &sample);
	}
	spikes__finish(&spikes);
	assert_false(spikes.failed);
	assert_int_equal(spikes.count, expected_count);
	for (size_t i = 0; i < expected_count; i++) {
		assert_int_equal(spikes.list[i].start_us, expected[i].start_ms * 1000);
		assert_int_equal(spikes.list[i].start_kb, expected[i].start_kb);
		assert_int_equal(spikes.list[i].top_us, expected[i].top_ms * 1000);
		assert_int_equal(spikes.list[i].top_kb, expected[i].top_kb);
	}
	spikes__free(&spikes);
}

#define MOMENTS(...)                                                                                                   \
	(const struct moment[]){__VA_ARGS__}, sizeof((struct moment[]){__VA_ARGS__}) / sizeof(struct moment)
#define SPIKES(...)                                                                                                    \
	(const struct expected[]){__VA_ARGS__}, sizeof((struct expected[]){__VA_ARGS__}) / sizeof(struct expected)

static void more_than_the_rise_is_a_spike(void **state)
{
	(void)state;
	check(MOMENTS({0, 50}, {10, 150}, {20, 150}), NULL, 0);
	check(MOMENTS({0, 50}, {10, 151}, {20, 151}), SPIKES({0, 50, 10, 151}));
	check(MOMENTS({0, 500}), NULL, 0);
	check(NULL, 0, NULL, 0);
}

static void the_window_has_both_its_ends(void **state)
{
	(void)state;
	check(MOMENTS({0, 0}, {500, 100}, {1000, 101}), SPIKES({0, 0, 1000, 101}));
	check(MOMENTS({0, 0}, {500, 100}, {1001, 101}), NULL, 0);
}

/* In small steps, and from the last of the lowest. */
static void it_counts_from_the_lowest(void **state)
{
	(void)state;
	check(MOMENTS({0, 30}, {100, 10}, {200, 20}, {300, 10}, {400, 70}, {500, 111}, {600, 90}),
	      SPIKES({300, 10, 500, 111}));
}

static void a_climb_of_many_windows_is_one(void **state)
{
	struct moment climb[400];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(climb); i++) /* 200 kB a second for 3 s, then none */
		climb[i] = (struct moment){i * 10, i < 300 ? i * 2 : 598};
	check(climb, ARRAY_SIZE(climb), SPIKES({0, 0, 2990, 598}));
}

/* What is left of the rise after the top is no second one. */
static void growth_that_slows_down_ends_it(void **state)
{
	(void)state;
	check(MOMENTS({0, 0}, {100, 200}, {900, 210}, {1200, 220}, {2000, 230}, {3000, 240}), SPIKES({0, 0, 900, 210}));
}

static void a_dip_is_part_of_it(void **state)
{
	(void)state;
	check(MOMENTS({0, 0}, {100, 150}, {200, 60}, {300, 160}, {400, 160}), SPIKES({0, 0, 300, 160}));
}

static void what_comes_down_and_rises_again_is_two(void **state)
{
	(void)state;
	check(MOMENTS({0, 0}, {10, 150}, {20, 10}, {30, 160}, {40, 5}, {50, 20}),
	      SPIKES({0, 0, 10, 150}, {20, 10, 30, 160}));
}

/* After a second without a higher one; the lower ones before the top count no more. */
static void a_pause_ends_it(void **state)
{
	(void)state;
	check(MOMENTS({0, 0}, {500, 150}, {1499, 150}, {1500, 150}, {1600, 251}, {1700, 252}),
	      SPIKES({0, 0, 500, 150}, {1500, 150, 1700, 252}));
}

/* The window's ring goes round, grows while it is not at its start, and keeps the lowest. */
static void windows_of_many_samples(void **state)
{
	struct moment moments[5000];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(moments); i++) /* slow growth: every sample may be the lowest of a window */
		moments[i] = (struct moment){i < 2000 ? i * 7 : 14000 + (i - 2000), 1000 + i / 100};
	moments[4900].kb = 1000 + 3900 / 100 + 101; /* 1000 ms before it: 1000 + 39 */
	check(moments, ARRAY_SIZE(moments), SPIKES({14000 + 1999, 1039, 14000 + 2900, 1140}));
}

static void figures_of_a_spike(void **state)
{
	const struct spike spike = {.start_us = 1000000, .top_us = 1500000, .start_kb = 1000, .top_kb = 21000};
	const struct spike sudden = {.start_us = 7, .top_us = 7, .start_kb = 0, .top_kb = 21000};

	(void)state;
	assert_true(spike__seconds(&spike) == 0.5);
	assert_true(spike__rate(&spike) == 40000.0 * 1024);
	assert_true(spike__rate(&sudden) == 0);
}

/* ---- variance */

static void variance_is_that_of_a_sample(void **state)
{
	static const double values[] = {2, 4, 4, 4, 5, 5, 7, 9};
	struct variance variance = {0}, far = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		variance__add(&variance, values[i]);
		variance__add(&far, values[i] + 1e9);
	}
	assert_int_equal(variance.count, 8);
	assert_true(variance.mean == 5);
	assert_true(variance.min == 2);
	assert_true(variance.max == 9);
	assert_true(fabs(variance__deviation(&variance) - sqrt(32.0 / 7)) < 1e-12);
	assert_true(fabs(variance__coefficient(&variance) - sqrt(32.0 / 7) / 5) < 1e-12);
	assert_true(fabs(variance__deviation(&far) - sqrt(32.0 / 7)) <
		    1e-6); /* where sums of squares lose all digits */
}

static void one_value_has_no_deviation(void **state)
{
	struct variance variance = {0};

	(void)state;
	variance__add(&variance, 7);
	assert_true(variance.mean == 7 && variance.min == 7 && variance.max == 7);
	assert_true(variance__deviation(&variance) == -1);
	assert_true(variance__coefficient(&variance) == -1);
	variance__add(&variance, 7);
	assert_true(variance__deviation(&variance) == 0);
	assert_true(variance__coefficient(&variance) == 0);
}

/* ---- jitter */

static void percentiles_are_near(void **state)
{
	struct jitter *jitter = calloc(1, sizeof(*jitter));
	uint64_t median;

	(void)state;
	assert_int_equal(jitter__percentile(jitter, 50), 0);
	for (uint64_t i = 1; i <= 1000; i++)
		jitter__add(jitter, i * 1000);
	median = jitter__percentile(jitter, 50);
	assert_true(median >= 500000 && median <= 500000 * 17 / 16);
	assert_int_equal(jitter__percentile(jitter, 100), 1000000);
	assert_int_equal(jitter->max_ns, 1000000);
	assert_true(jitter__percentile(jitter, 99) >= 990000);
	free(jitter);
}

static void extremes_have_their_buckets(void **state)
{
	static const uint64_t values[] = {0, 1, 15, 16, 17, 31, 32, UINT64_MAX - 1, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct jitter jitter = {0};

		jitter__add(&jitter, values[i]);
		assert_true(jitter__percentile(&jitter, 50) == values[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(more_than_the_rise_is_a_spike),
		cmocka_unit_test(the_window_has_both_its_ends),
		cmocka_unit_test(it_counts_from_the_lowest),
		cmocka_unit_test(a_climb_of_many_windows_is_one),
		cmocka_unit_test(growth_that_slows_down_ends_it),
		cmocka_unit_test(a_dip_is_part_of_it),
		cmocka_unit_test(what_comes_down_and_rises_again_is_two),
		cmocka_unit_test(a_pause_ends_it),
		cmocka_unit_test(windows_of_many_samples),
		cmocka_unit_test(figures_of_a_spike),
		cmocka_unit_test(variance_is_that_of_a_sample),
		cmocka_unit_test(one_value_has_no_deviation),
		cmocka_unit_test(percentiles_are_near),
		cmocka_unit_test(extremes_have_their_buckets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
