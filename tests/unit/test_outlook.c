/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "analyze/outlook.h"

enum { LOOKS = 31 };
#define MIB (1ULL << 20)

static struct profile_look looks[LOOKS];
static struct profile_limit limit;
static struct outlook_input input;

static void near(double value, double expected)
{
	if (!(fabs(value - expected) <= fabs(expected) * 1e-9))
		fail_msg("%.17g, expected %.17g", value, expected);
}

/* A minute in 31 looks: 2 MiB a look more in anonymous memory, of which live blocks are half. */
static int begin(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < LOOKS; i++)
		looks[i] = (struct profile_look){
			.seconds = 2 * (double)i,
			.rss = {.current_bytes = (100 + 2 * i) * MIB,
				.anon_bytes = (80 + 2 * i) * MIB,
				.file_bytes = 20 * MIB},
			.heap.live_bytes = i * MIB,
		};
	limit = (struct profile_limit){.limit_bytes = 1024 * MIB, .used_bytes = 424 * MIB};
	input = (struct outlook_input){
		.looks = looks,
		.look_count = LOOKS,
		.shown_bytes = 24 * MIB,
		.limit = &limit,
		.age_seconds = 3660,
	};
	return 0;
}

static void growth_is_told_in_parts(void **state)
{
	struct outlook outlook = outlook__of(&input);

	(void)state;
	assert_true(outlook.known && outlook.grows);
	assert_int_equal(outlook.growth_bytes, 60 * MIB);
	assert_int_equal(outlook.anon_bytes, 60 * MIB);
	assert_int_equal(outlook.file_bytes, 0);
	assert_int_equal(outlook.live_bytes, 30 * MIB);
	assert_int_equal(outlook.beyond_bytes, 30 * MIB);
	near(outlook.per_hour.slope, 3600.0 * MIB);
	near(outlook.explained, 24 / 60.0);
	near(outlook.limit_seconds, 600);          /* 600 MiB at one a second */
	assert_true(outlook.before_per_hour == 0); /* 100 MiB in its first hour: less than a third of that */
}

/* 31 of 60 MiB in live blocks; then 29; then files get 1 MiB more a look than all else. */
static void what_grew_most_is_named(void **state)
{
	(void)state;
	looks[LOOKS - 1].heap.live_bytes = 31 * MIB;
	assert_int_equal(outlook__of(&input).pattern, OUTLOOK_LIVE);
	looks[LOOKS - 1].heap.live_bytes = 29 * MIB;
	assert_int_equal(outlook__of(&input).pattern, OUTLOOK_BEYOND);
	for (uint64_t i = 0; i < LOOKS; i++) {
		looks[i].rss.file_bytes += 3 * i * MIB;
		looks[i].rss.current_bytes += 3 * i * MIB;
	}
	assert_int_equal(outlook__of(&input).pattern, OUTLOOK_FILES);
	assert_string_equal(outlook__pattern_name(OUTLOOK_FILES), "files");
}

static void share_is_at_most_all(void **state)
{
	(void)state;
	near(outlook__explained(3 * MIB, 4 * MIB), 0.75);
	near(outlook__explained(5 * MIB, 4 * MIB), 1);
	assert_true(outlook__explained(0, 512 << 10) == 0);
	assert_true(outlook__explained(MIB, (512 << 10) - 1) < 0);
	assert_true(outlook__explained(MIB, -4 * (int64_t)MIB) < 0);
}

static void growth_from_before_is_told(void **state)
{
	(void)state;
	input.age_seconds = 60 + 200;
	near(outlook__of(&input).before_per_hour, 1800.0 * MIB);
	input.age_seconds = 60 + 50; /* it is watched for longer than it had run: nothing can be said */
	assert_true(outlook__of(&input).before_per_hour == 0);
	input.age_seconds = 60 + 20;
	assert_true(outlook__of(&input).before_per_hour == 0);
}

static void what_is_swapped_out_counts(void **state)
{
	struct outlook outlook;

	(void)state;
	for (uint64_t i = 0; i < LOOKS; i++) {
		looks[i].rss.current_bytes = 100 * MIB;
		looks[i].rss.anon_bytes = 80 * MIB;
		looks[i].rss.swap_bytes = 2 * i * MIB;
	}
	outlook = outlook__of(&input);
	assert_int_equal(outlook.growth_bytes, 60 * MIB);
	assert_int_equal(outlook.anon_bytes, 60 * MIB);
	assert_true(outlook.grows);
}

static void other_memory_is_told(void **state)
{
	struct outlook outlook;

	(void)state;
	for (uint64_t i = 0; i < LOOKS; i++) {
		looks[i].rss.anon_bytes = 60 * MIB;
		looks[i].rss.shmem_bytes = (20 + 2 * i) * MIB;
	}
	outlook = outlook__of(&input);
	assert_int_equal(outlook.shmem_bytes, 60 * MIB);
	assert_int_equal(outlook.pattern, OUTLOOK_SHARED);
	assert_int_equal(outlook.beyond_bytes, 0);
}

static void what_does_not_grow_is_not_explained(void **state)
{
	struct outlook outlook;

	(void)state;
	for (uint64_t i = 0; i < LOOKS; i++)
		looks[i].rss.current_bytes = 100 * MIB + (i % 2 ? OUTLOOK_LEAST - 1 : 0);
	outlook = outlook__of(&input);
	assert_false(outlook.grows);
	assert_int_equal(outlook.pattern, OUTLOOK_STABLE);
	assert_true(outlook.explained < 0);
	assert_true(outlook.limit_seconds < 0);
	/* a jump at the end is growth, but tells nothing of the time to come */
	looks[LOOKS - 1].rss.current_bytes = 130 * MIB;
	outlook = outlook__of(&input);
	assert_false(outlook.grows);
	near(outlook.explained, 24 / 30.0);
	assert_true(outlook.limit_seconds < 0);
}

static void bounds_are_kept(void **state)
{
	(void)state;
	input.shown_bytes = 100 * MIB; /* more than the process grew by: others shrank */
	near(outlook__of(&input).explained, 1);
	limit.used_bytes = 2048 * MIB;
	assert_true(outlook__of(&input).limit_seconds == 0);
	limit.limit_bytes = 0;
	assert_true(outlook__of(&input).limit_seconds < 0);
	input.look_count = 1;
	assert_false(outlook__of(&input).known);
	input.look_count = 0;
	input.looks = NULL;
	assert_false(outlook__of(&input).known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(growth_is_told_in_parts, begin),
		cmocka_unit_test_setup(what_grew_most_is_named, begin),
		cmocka_unit_test(share_is_at_most_all),
		cmocka_unit_test_setup(growth_from_before_is_told, begin),
		cmocka_unit_test_setup(what_is_swapped_out_counts, begin),
		cmocka_unit_test_setup(other_memory_is_told, begin),
		cmocka_unit_test_setup(what_does_not_grow_is_not_explained, begin),
		cmocka_unit_test_setup(bounds_are_kept, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
