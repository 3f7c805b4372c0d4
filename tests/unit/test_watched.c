/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/array.h"
#include "watch/watched.h"

enum { MIB = 1 << 20, SELF = 50 };

#define SECOND 1000000000ULL

static const struct census_cgroup cgroups[] = {
	{.path = "/", .parent = CENSUS_NO_GROUP},
	{.path = "/web", .parent = 0, .limit_bytes = 1000 * MIB, .used_bytes = 900 * MIB},
};

static struct census_sample sample(pid_t pid, uint64_t second, uint64_t mib, int group)
{
	return (struct census_sample){.pid = pid,
				      .parent = 1,
				      .start_ns = 7,
				      .image = 1,
				      .ns = second * SECOND,
				      .comm = "server",
				      .rss_bytes = mib * MIB,
				      .anon_bytes = mib * MIB,
				      .cpu_ns = second * SECOND / 4,
				      .group = group,
				      .wanted = true};
}

static void look(struct census *census, struct census_sample *samples, size_t count)
{
	struct census_look look = {.samples = samples,
				   .count = count,
				   .ns = samples[0].ns,
				   .groups = cgroups,
				   .group_count = ARRAY_SIZE(cgroups),
				   .machine_bytes = 10000ULL * MIB,
				   .available_bytes = 5000ULL * MIB};

	assert_int_equal(census__look(census, &look), 0);
}

static void test_figures(void **unused)
{
	struct watched_table table = {0};
	struct census census = {0};
	const struct watched *watched;

	(void)unused;
	for (unsigned int second = 1; second <= 5; second++) {
		struct census_sample samples[] = {sample(10, second, 100 * second, 1)};

		look(&census, samples, 1);
		assert_int_equal(watched_table__update(&table, &census, SELF, 3 * SECOND), 0);
		watched = watched_table__find(&table, 10, 7);
		assert_non_null(watched);
		assert_int_equal(watched->sight.growth_known, second >= 4); /* three seconds after the first look */
	}
	assert_int_equal(watched->samples, 5);
	assert_int_equal((uint64_t)watched->rss_bytes.min, 100 * MIB);
	assert_int_equal((uint64_t)watched->rss_bytes.max, 500 * MIB);
	assert_int_equal((uint64_t)watched->rss_bytes.sum, 1500ULL * MIB);
	assert_int_equal((int)watched->cpu_percent.sum, 4 * 25);
	assert_float_equal(watched->sight.growth_per_hour, 100.0 * MIB * 3600, 1);
	assert_string_equal(watched->cgroup, "/web");
	assert_int_equal(watched->sight.limit_bytes, 1000 * MIB);
	watched_table__free(&table);
	census__free(&census);
}

/* A pid that is used again is another process; watch itself, and what it has started, are not watched. */
static void test_who(void **unused)
{
	struct watched_table table = {0};
	struct census census = {0};
	struct census_sample samples[] = {sample(10, 1, 1, 0), sample(11, 1, 1, 0), sample(SELF, 1, 1, 0),
					  sample(51, 1, 1, 0)};

	(void)unused;
	samples[1].wanted = false;
	samples[3].parent = SELF;
	look(&census, samples, 4);
	assert_int_equal(watched_table__update(&table, &census, SELF, SECOND), 0);
	assert_int_equal(table.count, 1);
	table.items[0].captures = 3;
	samples[0] = sample(10, 2, 1, 0);
	samples[0].start_ns = 8;
	look(&census, samples, 1);
	assert_int_equal(watched_table__update(&table, &census, SELF, SECOND), 0);
	assert_null(watched_table__find(&table, 10, 7));
	assert_int_equal(watched_table__find(&table, 10, 0)->captures, 0);
	watched_table__free(&table);
	census__free(&census);
}

static void test_heaviest(void **unused)
{
	struct watched_table table = {0};
	struct census census = {0};
	struct census_sample samples[] = {sample(10, 1, 300, 1), sample(11, 1, 500, 1), sample(12, 1, 900, 0),
					  sample(13, 1, 100, 0)};

	(void)unused;
	look(&census, samples, 4);
	assert_int_equal(watched_table__update(&table, &census, SELF, SECOND), 0);
	assert_false(watched_table__find(&table, 10, 7)->sight.heaviest);
	assert_true(watched_table__find(&table, 11, 7)->sight.heaviest); /* of /web */
	assert_true(watched_table__find(&table, 12, 7)->sight.heaviest); /* of the machine */
	assert_false(watched_table__find(&table, 13, 7)->sight.heaviest);
	watched_table__free(&table);
	census__free(&census);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_who),
		cmocka_unit_test(test_heaviest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
