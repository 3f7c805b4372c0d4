/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "analyze/report.h"
#include "fixture.h"

#define MIB (1024.0 * 1024)

static void near(double value, double expected)
{
	if (!(fabs(value - expected) <= fabs(expected) * 1e-12))
		fail_msg("%.17g, expected %.17g", value, expected);
}

/* 1 MiB in 1024 blocks in 60 s, none freed; two thirds of them older than 20 s. */
static const struct report_counts steady_leak = {
	.live_bytes = 1 << 20,
	.live_objects = 1024,
	.alloc_bytes = 1 << 20,
	.alloc_objects = 1024,
	.older_bytes = 699050,
	.oldest_age_seconds = 60,
	.stacks = 1,
};

/* 100 MiB went through it, 2 MiB live, all of them young. */
static const struct report_counts busy_cache = {
	.live_bytes = 2 << 20,
	.live_objects = 2000,
	.alloc_bytes = 100 << 20,
	.alloc_objects = 100000,
	.free_bytes = 98 << 20,
	.free_objects = 98000,
	.oldest_age_seconds = 1,
	.stacks = 1,
};

static void formula_is_as_documented(void **state)
{
	struct leak leak = leak__judge(&steady_leak, 60, 20);

	(void)state;
	near(leak.retained, 1);
	near(leak.persistence, (699050 / MIB) / (2.0 / 3));
	near(leak.confidence, leak.persistence * 1024 / 1025);
	near(leak.score, MIB * leak.confidence);
	near(leak.growth_bytes_per_hour, 60 * MIB);
	near(leak.oldest_age_seconds, 60);
	assert_int_equal(leak.severity, LEAK_MEDIUM);
	leak = leak__judge(&busy_cache, 60, 20);
	near(leak.retained, 0.02);
	near(leak.persistence, 0.1);
	near(leak.confidence, 0.02 * 0.02 * 0.1 * 2000 / 2001);
	near(leak.score, 2 * MIB * leak.confidence);
	near(leak.growth_bytes_per_hour, 120 * MIB);
	assert_int_equal(leak.severity, LEAK_NONE);
}

static void leak_comes_before_cache(void **state)
{
	(void)state;
	assert_true(leak__judge(&steady_leak, 60, 20).score > 1000 * leak__judge(&busy_cache, 60, 20).score);
}

/* A cache a hundred times as large as the leak, of which a quarter survives and half of that is old. */
static void leak_comes_before_slow_cache_of_its_size(void **state)
{
	struct report_counts cache = busy_cache;

	(void)state;
	cache.alloc_bytes = 8 << 20;
	cache.alloc_objects = 8000;
	cache.older_bytes = cache.live_bytes / 2;
	assert_true(leak__judge(&steady_leak, 60, 20).score > 8 * leak__judge(&cache, 60, 20).score);
}

static void edges_are_finite(void **state)
{
	struct report_counts counts = steady_leak;
	struct leak leak;

	(void)state;
	leak = leak__judge(&counts, 0, 0);
	near(leak.persistence, 0.5);
	assert_true(leak.growth_bytes_per_hour == 0);
	leak = leak__judge(&counts, 10, 20); /* nothing can be older than the window */
	near(leak.persistence, 0.5);
	counts.oldest_age_seconds = -1;
	leak = leak__judge(&counts, 60, 20);
	near(leak.persistence, 0.5);
	assert_true(leak.oldest_age_seconds < 0);
	counts = steady_leak;
	counts.live_bytes_stderr = 1 << 19;
	near(leak__judge(&counts, 60, 20).confidence, leak__judge(&steady_leak, 60, 20).confidence / 2);
	counts.live_bytes_stderr = 1e300;
	assert_true(leak__judge(&counts, 60, 20).score == 0);
	counts = (struct report_counts){0};
	leak = leak__judge(&counts, 60, 20);
	assert_true(leak.score == 0 && leak.confidence == 0 && leak.growth_bytes_per_hour == 0);
	assert_int_equal(leak.severity, LEAK_NONE);
	counts = steady_leak;
	counts.alloc_bytes = counts.alloc_objects = 0; /* lives, but was never allocated: not in this window */
	assert_true(leak__judge(&counts, 60, 20).score == 0);
}

static void severity_goes_by_growth(void **state)
{
	struct report_counts counts = steady_leak;

	(void)state;
	assert_int_equal(leak__judge(&counts, 3600, 1200).severity, LEAK_LOW);
	assert_int_equal(leak__judge(&counts, 600, 200).severity, LEAK_MEDIUM);
	assert_int_equal(leak__judge(&counts, 6, 2).severity, LEAK_HIGH);
	assert_string_equal(leak__severity_name(LEAK_HIGH), "high");
	assert_string_equal(leak__severity_name(LEAK_NONE), "none");
}

static void report_ranks_suspects(void **state)
{
	const struct report_request request = {.group = GROUP_STACK, .sort = SORT_SCORE};
	struct profile *profile = fixture_profile();
	struct report *report;
	struct error err = {0};

	(void)state;
	profile->sites[2].live_bytes = profile->sites[2].live_objects = 0; /* nothing lives: no suspect */
	assert_int_equal(report__new(REPORT_LEAKS, profile, &request, &report, &err), 0);
	assert_int_equal(report->row_count, 3);
	assert_true(report->rows[0].id == profile->sites[0].id);
	assert_int_equal(report->rows[0].counts.alloc_objects, 3072);
	assert_int_equal(report->rows[0].counts.free_objects, 0);
	near(report->rows[0].leak.growth_bytes_per_hour, 360 * MIB);
	near(report->rows[0].leak.persistence, 1);
	assert_int_equal(report->rows[0].leak.severity, LEAK_HIGH);
	assert_int_equal(report->others.stacks, 1);
	report__free(report);
	profile__free(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formula_is_as_documented),
		cmocka_unit_test(leak_comes_before_cache),
		cmocka_unit_test(leak_comes_before_slow_cache_of_its_size),
		cmocka_unit_test(edges_are_finite),
		cmocka_unit_test(severity_goes_by_growth),
		cmocka_unit_test(report_ranks_suspects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
