/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "analyze/report.h"
#include "fixture.h"
#include "window.h"

#define MIB (1024.0 * 1024)

static void near(double value, double expected)
{
	if (!(fabs(value - expected) <= fabs(expected) * 1e-12))
		fail_msg("%.17g, expected %.17g", value, expected);
}

/* ---- without looks */

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

static const struct profile_limit no_limit;

static struct leak judge(const struct report_counts *counts, double seconds, double older_seconds)
{
	const struct leak_input input = {
		.counts = counts,
		.trend = {.seconds = seconds},
		.older_seconds = older_seconds,
		.limit = &no_limit,
	};

	return leak__judge(&input);
}

static void formula_is_as_documented(void **state)
{
	struct leak leak = judge(&steady_leak, 60, 20);
	double persistence = (699050 / MIB) / (2.0 / 3);

	(void)state;
	near(leak.retained, 1);
	near(leak.confidence, persistence * 1024 / 1025);
	near(leak.growth_bytes_per_hour, 60 * MIB);
	near(leak.growth_low, 60 * MIB);
	near(leak.score, 60 * MIB * leak.confidence);
	near(leak.oldest_age_seconds, 60);
	assert_int_equal(leak.severity, LEAK_MEDIUM);
	assert_int_equal(leak.pattern, LEAK_UNKNOWN);
	leak = judge(&busy_cache, 60, 20);
	near(leak.retained, 0.02);
	near(leak.confidence, 0.02 * 0.02 * 0.1 * 2000 / 2001);
	near(leak.growth_bytes_per_hour, 120 * MIB);
	assert_int_equal(leak.severity, LEAK_NONE);
}

static void leak_comes_before_cache(void **state)
{
	(void)state;
	assert_true(judge(&steady_leak, 60, 20).score > 1000 * judge(&busy_cache, 60, 20).score);
}

static void edges_are_finite(void **state)
{
	struct report_counts counts = steady_leak;
	struct leak leak;

	(void)state;
	leak = judge(&counts, 0, 0);
	near(leak.confidence, 0.5 * 1024 / 1025);
	assert_true(leak.growth_bytes_per_hour == 0);
	leak = judge(&counts, 10, 20); /* nothing can be older than the window */
	near(leak.confidence, 0.5 * 1024 / 1025);
	counts.oldest_age_seconds = -1;
	leak = judge(&counts, 60, 20);
	near(leak.confidence, 0.5 * 1024 / 1025);
	assert_true(leak.oldest_age_seconds < 0);
	counts = steady_leak;
	counts.live_bytes_stderr = 1 << 19;
	near(judge(&counts, 60, 20).confidence, judge(&steady_leak, 60, 20).confidence / 2);
	counts.live_bytes_stderr = 1e300;
	assert_true(judge(&counts, 60, 20).score == 0);
	counts = (struct report_counts){0};
	leak = judge(&counts, 60, 20);
	assert_true(leak.score == 0 && leak.confidence == 0 && leak.growth_bytes_per_hour == 0);
	assert_int_equal(leak.severity, LEAK_NONE);
	counts = steady_leak;
	counts.alloc_bytes = counts.alloc_objects = 0; /* lives, but was never allocated: not in this window */
	assert_true(judge(&counts, 60, 20).score == 0);
}

static void severity_goes_by_growth(void **state)
{
	struct report_counts counts = steady_leak;

	(void)state;
	counts.older_bytes = counts.live_bytes;
	assert_int_equal(judge(&counts, 3600, 1200).severity, LEAK_LOW);
	assert_int_equal(judge(&counts, 600, 200).severity, LEAK_MEDIUM);
	assert_int_equal(judge(&counts, 6, 2).severity, LEAK_HIGH);
	assert_int_equal(judge(&counts, 3, 1).severity, LEAK_CRITICAL);
	assert_string_equal(leak__severity_name(LEAK_CRITICAL), "critical");
	assert_string_equal(leak__severity_name(LEAK_NONE), "none");
}

/* A gibibyte is left, and it is reached in so many hours. */
static enum leak_severity with_room(double hours)
{
	const struct profile_limit limit = {.limit_bytes = 3ULL << 30, .used_bytes = 2ULL << 30};
	struct report_counts counts = steady_leak;
	struct leak_input input = {.counts = &counts, .trend = {.seconds = hours * 3600}, .limit = &limit};

	counts.live_bytes = counts.alloc_bytes = counts.older_bytes = 1 << 30;
	counts.live_objects = counts.alloc_objects = 1 << 30; /* so that it is surely a leak */
	input.older_seconds = 0.01;
	return leak__judge(&input).severity;
}

static void severity_goes_by_the_limit(void **state)
{
	(void)state;
	assert_int_equal(with_room(91 * 24), LEAK_LOW);
	assert_int_equal(with_room(89 * 24), LEAK_MEDIUM);
	assert_int_equal(with_room(8 * 24), LEAK_MEDIUM);
	assert_int_equal(with_room(6 * 24), LEAK_HIGH);
	assert_int_equal(with_room(23), LEAK_CRITICAL);
}

/* ---- with looks */

/* The site of a window, as it is at its end. */
static struct leak judge_window(const struct window *window)
{
	const struct profile_point *last = &window->points[LOOKS - 1];
	const struct report_counts counts = {
		.live_bytes = last->live_bytes,
		.live_objects = last->live_objects,
		.alloc_bytes = last->alloc_bytes,
		.alloc_objects = last->alloc_objects,
		.oldest_age_seconds = window->input.oldest_seconds,
	};
	const struct leak_input input = {.counts = &counts, .trend = window->input, .limit = &no_limit};

	return leak__judge(&input);
}

static void a_leak_is_a_leak(void **state)
{
	struct window window;
	struct leak leak;

	(void)state;
	window_leak(&window);
	leak = judge_window(&window);
	near(leak.confidence, 33 / 34.5); /* all else is 1 */
	near(leak.growth_bytes_per_hour, 10.0 * KB * 3600);
	near(leak.score, leak.growth_bytes_per_hour * leak.confidence);
	assert_int_equal(leak.pattern, LEAK_STEADY);
	assert_int_equal(leak.severity, LEAK_MEDIUM);
}

static void steps_are_told(void **state)
{
	struct window window;
	struct leak leak;

	(void)state;
	window_begin(&window, 0);
	for (int i = 0; i < LOOKS; i++) {
		window_set_live(&window, i, 100 * ((uint64_t)i / 6));
		window.points[i].alloc_bytes = window.points[i].live_bytes;
		window.points[i].alloc_objects = window.points[i].live_objects;
		window.births[i * PROFILE_BIRTHS / LOOKS] += i && i % 6 == 0 ? 100 * KB : 0;
	}
	window.input.oldest_seconds = 42;
	leak = judge_window(&window);
	near(leak.confidence, 6 / 7.5);
	assert_int_equal(leak.pattern, LEAK_STEPWISE);
}

/* Every block is freed when it is 12 s old, and of 200 that come each second, so many more stay than go. */
static void window_of_young(struct window *window, const uint64_t live[LOOKS])
{
	window_begin(window, 200);
	for (int i = 0; i < LOOKS; i++)
		window_set_live(window, i, live[i]);
	for (int i = 0; i < LOOKS; i++) {
		window->points[i].alloc_bytes = 200 * KB * (uint64_t)i;
		window->points[i].alloc_objects = 200 * (uint64_t)i;
	}
	for (int i = PROFILE_BIRTHS - 12 / PER_BIRTH; i < PROFILE_BIRTHS; i++)
		window->births[i] = 100 * KB;
	window->input.oldest_seconds = 12;
}

/* They go up by 20 and down by 10 in turns. */
static void what_does_not_stay_is_no_leak(void **state)
{
	struct window window;
	uint64_t live[LOOKS];
	struct leak leak;

	(void)state;
	for (uint64_t i = 0; i < LOOKS; i++)
		live[i] = 100 + i / 2 * 10 + i % 2 * 20;
	window_of_young(&window, live);
	leak = judge_window(&window);
	near(leak.trend.directness, 1 / 3.0);
	near(leak.confidence, 0);
	assert_int_equal(leak.pattern, LEAK_GROWING);
	assert_int_equal(leak.severity, LEAK_NONE);
}

/* Timers that are set anew before they are old: at each look there are 10 more. */
static void ever_more_are_a_leak_however_young(void **state)
{
	struct window window;
	uint64_t live[LOOKS];
	struct leak leak;

	(void)state;
	for (uint64_t i = 0; i < LOOKS; i++)
		live[i] = 10 * i;
	window_of_young(&window, live);
	leak = judge_window(&window);
	/* from 24 to 48 s 4800 came, and 240 more are there: 4560 went */
	near(leak.trend.excess, 240 / sqrt(4800 + 4560));
	near(leak.trend.directness, 1);
	near(leak.trend.lasting, 0);
	near(leak.confidence, (240 / sqrt(9360) - 2) * 33 / 34.5);
	assert_int_equal(leak.severity, LEAK_NONE);
	for (uint64_t i = 0; i < LOOKS; i++)
		live[i] = 20 * i;
	window_of_young(&window, live);
	leak = judge_window(&window);
	near(leak.confidence, 33 / 34.5);
	assert_int_equal(leak.pattern, LEAK_STEADY);
}

/* A list that is made longer by realloc: one block, as old as its last growth. */
static void a_block_that_grows_is_never_old(void **state)
{
	struct window window;
	struct leak leak;

	(void)state;
	window_leak(&window);
	memset(window.births, 0, sizeof(window.births));
	window.births[PROFILE_BIRTHS - 1] = 480 * KB;
	for (int i = 0; i < LOOKS; i++)
		window.points[i].live_objects = 1;
	window.input.block_bytes = 480 * KB;
	window.input.oldest_seconds = 0.1;
	leak = judge_window(&window);
	near(leak.confidence, 33 / 34.5);
	assert_int_equal(leak.pattern, LEAK_STEADY);
}

/* As many blocks at any time, of sizes that vary: they weigh a little more in the end, after ups and downs. */
static void blocks_of_random_sizes_are_no_leak(void **state)
{
	struct window window;
	struct leak leak;

	(void)state;
	window_begin(&window, 40);
	for (int i = 0; i < LOOKS; i++) {
		window_set_live(&window, i, 100 + (uint64_t)i / 4 + (i % 2 ? 10 : 0));
		window.points[i].live_objects = 100;
	}
	window.births[PROFILE_BIRTHS - 1] = 112 * KB;
	window.input.oldest_seconds = 3;
	leak = judge_window(&window);
	assert_true(leak.trend.test.z > 3);
	near(leak.trend.steadiness, 1);
	/* from 16 to 48 s it rose by 8 blocks; half of the 32 changes were 10 up, and half 10 down, 8 of them less by 1
	 */
	near(leak.trend.directness, 8 / (32 * 10.0 - 8));
	near(leak.confidence, 0);
}

/* A cache that lives for 2 s; and from 16 s on 10 blocks a second of it are not freed any more. */
static void a_leak_that_begins_late_is_one(void **state)
{
	struct window window;
	struct leak leak;

	(void)state;
	window_begin(&window, 100);
	for (int i = 0; i < LOOKS; i++)
		window_set_live(&window, i, 200 + (i > 16 ? 10 * (uint64_t)(i - 16) : 0));
	for (int i = 16 / PER_BIRTH; i < PROFILE_BIRTHS; i++)
		window.births[i] = 10 * PER_BIRTH * KB;
	window.births[PROFILE_BIRTHS - 1] += 180 * KB;
	window.input.oldest_seconds = 32;
	leak = judge_window(&window);
	near(leak.trend.lasting, 0);
	near(leak.trend.late_lasting, 1);
	near(leak.trend.drawdown, 0);
	near(leak.confidence, 32 / 33.5);
	/* what rises again after everything went at 16 s is batches */
	window_set_live(&window, 15, 2000);
	window_set_live(&window, 16, 0);
	leak = judge_window(&window);
	near(leak.trend.drawdown, 1);
	near(leak.confidence, 0);
}

/* A tree of 50 nodes, of which now and then one comes, and one goes: that there are some more is chance. */
static void a_few_more_are_chance(void **state)
{
	struct window window;
	struct leak leak;

	(void)state;
	window_leak(&window);
	for (int i = 0; i < LOOKS; i++) {
		window_set_live(&window, i, 20 + (uint64_t)i * 30 / 48);
		window.points[i].alloc_bytes = (60 + (uint64_t)i * 2 / 3) * KB;
		window.points[i].alloc_objects = 60 + (uint64_t)i * 2 / 3;
	}
	leak = judge_window(&window);
	/* from 24 to 48 s 16 came, and 15 more are there: one went */
	near(leak.trend.excess, 15 / sqrt(17));
	near(leak.trend.turnover, 17 / 50.0);
	assert_true(leak.confidence > 0.9);
	for (int i = 0; i < LOOKS; i++)
		window.points[i].alloc_objects = 60 + (uint64_t)i * 5;
	leak = judge_window(&window);
	/* 120 came, and 105 went: one deviation */
	near(leak.trend.excess, 1);
	near(leak.trend.turnover, 225 / 50.0);
	near(leak.confidence, 0.5 * 21 / 22.5);
	for (int i = 0; i < LOOKS; i++)
		window.points[i].alloc_objects = 60 + (uint64_t)i * 15;
	leak = judge_window(&window);
	/* as likely, but by 14 times as many as there are: each that has stayed is one that was to stay */
	near(leak.trend.turnover, 705 / 50.0);
	near(leak.confidence, 21 / 22.5);
}

static void what_fills_up_is_no_leak(void **state)
{
	struct window window;
	struct leak leak;

	(void)state;
	window_leak(&window);
	for (int i = 24; i < LOOKS; i++)
		window_set_live(&window, i, 240 + (uint64_t)(i - 24));
	leak = judge_window(&window);
	near(leak.trend.steadiness, 0.1);
	near(leak.confidence, 0);
	assert_int_equal(leak.pattern, LEAK_FLATTENING);
}

/* Its blocks take the place of others, that were there before and are freed: so many a second. */
static struct leak judge_replacing(struct window *window, uint64_t frees, uint64_t memory)
{
	window_leak(window);
	for (int i = 0; i < LOOKS; i++) {
		window->looks[i].unmatched_frees = frees * (uint64_t)i;
		window->looks[i].rss.anon_bytes = memory * (uint64_t)i;
	}
	return judge_window(window);
}

static void what_replaces_older_blocks_is_no_leak(void **state)
{
	struct window window;
	struct leak leak = judge_replacing(&window, 10, 0);

	(void)state;
	near(leak.unexplained, 0);
	near(leak.confidence, 0);
	assert_int_equal(leak.pattern, LEAK_REPLACING);
	/* of a heap that is fragmented by that, memory grows all the same */
	near(judge_replacing(&window, 10, 10 * KB).unexplained, 0);
	/* where half as many are freed, half is growth: in the last half 120 blocks; its own were 220 by medians */
	leak = judge_replacing(&window, 5, 0);
	near(leak.unexplained, 120 / 220.0);
	near(leak.confidence, 120 / 220.0 * 33 / 34.5);
}

/* A small leak beside a large cache that replaces its blocks: what the process grew by says nothing of it. */
static void a_leak_that_is_lost_among_frees_is_seen_by_memory(void **state)
{
	struct window window;

	(void)state;
	near(judge_replacing(&window, 100, 0).unexplained, 0);
	near(judge_replacing(&window, 100, 5 * KB).unexplained, 120 / 220.0);
	near(judge_replacing(&window, 100, 10 * KB).unexplained, 1);
}

/* What was not watched looks like what does not grow: then the ages of blocks must do. */
static void pauses_make_trends_unclear(void **state)
{
	struct window window;
	struct report_counts counts = steady_leak;
	struct leak_input input = {.counts = &counts, .limit = &no_limit};

	(void)state;
	window_leak(&window);
	input.trend = window.input;
	input.older_seconds = 16;
	input.paused_seconds = SECONDS * 0.19;
	assert_int_equal(leak__judge(&input).pattern, LEAK_STEADY);
	input.paused_seconds = SECONDS * 0.21;
	assert_int_equal(leak__judge(&input).pattern, LEAK_UNKNOWN);
	near(leak__judge(&input).confidence, judge(&steady_leak, SECONDS, 16).confidence);
}

static void what_does_not_grow_is_told_apart(void **state)
{
	struct window window;

	(void)state;
	window_begin(&window, 10);
	for (int i = 0; i < LOOKS; i++)
		window_set_live(&window, i, 100);
	assert_int_equal(judge_window(&window).pattern, LEAK_STABLE);
	window_begin(&window, 1000);
	for (int i = 0; i < LOOKS; i++)
		window_set_live(&window, i, 100);
	assert_int_equal(judge_window(&window).pattern, LEAK_CHURN);
	window_begin(&window, 10);
	for (int i = 0; i < LOOKS; i++)
		window_set_live(&window, i, 10 * (1 + (uint64_t)i % 16));
	assert_int_equal(judge_window(&window).pattern, LEAK_SAW_TOOTH);
}

/* ---- the report */

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
	near(report->rows[0].leak.confidence, 3072 / 3073.0);
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
		cmocka_unit_test(edges_are_finite),
		cmocka_unit_test(severity_goes_by_growth),
		cmocka_unit_test(severity_goes_by_the_limit),
		cmocka_unit_test(a_leak_is_a_leak),
		cmocka_unit_test(steps_are_told),
		cmocka_unit_test(what_does_not_stay_is_no_leak),
		cmocka_unit_test(ever_more_are_a_leak_however_young),
		cmocka_unit_test(a_block_that_grows_is_never_old),
		cmocka_unit_test(blocks_of_random_sizes_are_no_leak),
		cmocka_unit_test(a_leak_that_begins_late_is_one),
		cmocka_unit_test(a_few_more_are_chance),
		cmocka_unit_test(what_fills_up_is_no_leak),
		cmocka_unit_test(what_replaces_older_blocks_is_no_leak),
		cmocka_unit_test(a_leak_that_is_lost_among_frees_is_seen_by_memory),
		cmocka_unit_test(pauses_make_trends_unclear),
		cmocka_unit_test(what_does_not_grow_is_told_apart),
		cmocka_unit_test(report_ranks_suspects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
