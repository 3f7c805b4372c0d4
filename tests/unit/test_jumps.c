/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/jumps.h"
#include "profile/looks.h"

enum { MIB = 1 << 20 };

/* Looks once a second, with so many MiB of RSS and of live bytes; up to a negative one. */
static size_t make_looks(const int *rss, const int *live, struct profile_look looks[LOOKS_MAX])
{
	size_t count = 0;

	memset(looks, 0, LOOKS_MAX * sizeof(*looks));
	for (; rss[count] >= 0; count++) {
		looks[count].seconds = (double)count;
		looks[count].rss.current_bytes = (uint64_t)rss[count] * MIB;
		looks[count].heap.live_bytes = (uint64_t)live[count] * MIB;
	}
	return count;
}

static void a_step_is_a_jump(void **state)
{
	static const int rss[] = {100, 101, 100, 101, 100, 101, 140, 141, 140, 141, -1};
	static const int live[] = {50, 50, 50, 50, 50, 50, 88, 88, 88, 88};
	struct profile_look looks[LOOKS_MAX];
	struct jump jumps[JUMPS_MAX];
	size_t count = make_looks(rss, live, looks);

	(void)state;
	assert_int_equal(jumps__find(looks, count, jumps), 1);
	assert_int_equal(jumps[0].from, 5);
	assert_int_equal(jumps[0].to, 6);
	assert_int_equal(jumps[0].rss_bytes, 39 * MIB);
	assert_int_equal(jumps[0].live_bytes, 38 * MIB);
	assert_true(jumps[0].deviations == 1000); /* live bytes had not moved at all */
}

/* Steady growth, however fast, noise, and what is little are none. */
static void what_was_to_be_expected_is_none(void **state)
{
	static const int steady[] = {0, 50, 100, 150, 200, 250, 300, 350, 400, 450, -1};
	static const int noisy[] = {100, 110, 95, 108, 99, 112, 101, 109, 94, 107, -1};
	static const int little[] = {100, 100, 100, 100, 100, 100, 104, 104, 104, 104, -1};
	static const int early[] = {100, 100, 100, 100, 200, 200, 200, 200, 200, 200, -1};
	static const int *const courses[] = {steady, noisy, little, early};
	struct profile_look looks[LOOKS_MAX];
	struct jump jumps[JUMPS_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(courses) / sizeof(courses[0]); i++)
		assert_int_equal(jumps__find(looks, make_looks(courses[i], courses[i], looks), jumps), 0);
	assert_int_equal(jumps__find(looks, 0, jumps), 0);
}

/* A steep rise over three looks is one jump; the fall after it another. */
static void jumps_are_joined(void **state)
{
	static const int rss[] = {10, 10, 10, 10, 10, 10, 30, 60, 80, 80, 80, 20, 20, 20, -1};
	struct profile_look looks[LOOKS_MAX];
	struct jump jumps[JUMPS_MAX];
	size_t count = make_looks(rss, rss, looks);

	(void)state;
	assert_int_equal(jumps__find(looks, count, jumps), 2);
	assert_int_equal(jumps[0].from, 5);
	assert_int_equal(jumps[0].to, 8);
	assert_int_equal(jumps[0].live_bytes, 70 * MIB);
	assert_int_equal(jumps[1].from, 10);
	assert_int_equal(jumps[1].to, 11);
	assert_int_equal(jumps[1].rss_bytes, -60 * MIB);
}

/* Every other look a jump up or down, each a little larger: the last ones stay. */
static void the_largest_are_kept(void **state)
{
	struct profile_look looks[LOOKS_MAX] = {0};
	struct jump jumps[JUMPS_MAX];
	size_t count;

	(void)state;
	for (size_t i = 0; i < LOOKS_MAX; i++) {
		looks[i].seconds = (double)i;
		looks[i].heap.live_bytes = 100 * MIB;
		if (i > 10 && i % 2)
			looks[i].heap.live_bytes += (uint64_t)(10 + i) * MIB;
	}
	count = jumps__find(looks, LOOKS_MAX, jumps);
	assert_int_equal(count, JUMPS_MAX);
	for (size_t i = 0; i < count; i++)
		assert_true(i == 0 || jumps[i].from > jumps[i - 1].from);
	assert_int_equal(jumps[count - 1].to, LOOKS_MAX - 1);
	assert_int_equal(jumps[count - 1].live_bytes, (10 + LOOKS_MAX - 1) * MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_step_is_a_jump),
		cmocka_unit_test(what_was_to_be_expected_is_none),
		cmocka_unit_test(jumps_are_joined),
		cmocka_unit_test(the_largest_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
