/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "analyze/census_view.h"
#include "lib/array.h"

#define SECOND 1000000000ULL
#define MIB    (1ULL << 20)

static struct census_cgroup cgroups[] = {
	{.path = "/", .parent = CENSUS_NO_GROUP},
	{.path = "/web", .parent = 0, .limit_bytes = 100 * MIB, .used_bytes = 60 * MIB},
	{.path = "/web/a", .parent = 1},
	{.path = "/web/b", .parent = 1, .limit_bytes = 50 * MIB, .used_bytes = 30 * MIB},
	{.path = "/idle", .parent = 0},
};

static uint64_t available = 512 * MIB;

/* In MiB. */
static void use(uint64_t web, uint64_t b, uint64_t machine)
{
	cgroups[1].used_bytes = web * MIB;
	cgroups[3].used_bytes = b * MIB;
	available = (1024 - machine) * MIB;
}

static struct census_sample process(pid_t pid, const char *comm, int group, uint64_t rss_mib)
{
	struct census_sample sample = {
		.pid = pid,
		.parent = 1,
		.start_ns = (uint64_t)pid * SECOND,
		.image = 0xffff0000 + (uint64_t)pid,
		.rss_bytes = rss_mib * MIB,
		.anon_bytes = rss_mib * MIB / 2,
		.peak_bytes = (rss_mib + 1) * MIB,
		.group = group,
		.wanted = true,
	};

	strncpy(sample.comm, comm, sizeof(sample.comm) - 1);
	return sample;
}

static void look(struct census *census, uint64_t seconds, const struct census_sample *samples, size_t count)
{
	struct census_sample copies[8];
	struct census_look look = {
		.ns = seconds * SECOND,
		.samples = copies,
		.count = count,
		.groups = cgroups,
		.group_count = ARRAY_SIZE(cgroups),
		.machine_bytes = 1024 * MIB,
		.available_bytes = available,
	};

	for (size_t i = 0; i < count; i++) { /* the census puts them in order */
		copies[i] = samples[count - 1 - i];
		copies[i].ns = seconds * SECOND;
	}
	assert_int_equal(census__look(census, &look), 0);
}

static void rates_are_between_two_looks(void **state)
{
	struct census_sample sample = process(7, "server", 2, 10);
	const struct census_row *row;
	struct census census = {0};

	(void)state;
	sample.faults = 1000;
	sample.cpu_ns = 5 * SECOND;
	look(&census, 100, &sample, 1);
	row = census__find(&census, 7, 7 * SECOND);
	assert_non_null(row);
	assert_false(row->figures.rates_known);
	assert_int_equal(row->figures.rss_bytes, 10 * MIB);
	sample.rss_bytes += 2 * MIB;
	sample.faults += 512;
	sample.major_faults += 8;
	sample.cpu_ns += SECOND;
	look(&census, 104, &sample, 1);
	row = census__find(&census, 7, 7 * SECOND);
	assert_true(row->figures.rates_known);
	assert_float_equal(row->figures.growth_per_hour, 1800.0 * MIB, 1e-3);
	assert_float_equal(row->figures.faults_per_second, 128, 1e-9);
	assert_float_equal(row->figures.major_faults_per_second, 2, 1e-9);
	assert_float_equal(row->figures.cpu_percent, 25, 1e-9);
	sample.faults -= 100; /* threads that are not looked at any more */
	look(&census, 105, &sample, 1);
	assert_float_equal(census.rows[0].figures.faults_per_second, 0, 0);
	assert_int_equal(census.rows[0].history->count, 3);
	census__free(&census);
}

static void others_are_not_mistaken_for_it(void **state)
{
	struct census_sample sample = process(7, "server", 2, 10);
	struct census census = {0};

	(void)state;
	look(&census, 1, &sample, 1);
	sample.image++; /* exec */
	look(&census, 2, &sample, 1);
	assert_false(census.rows[0].figures.rates_known);
	assert_int_equal(census.rows[0].history->count, 1);
	look(&census, 3, &sample, 1);
	assert_true(census.rows[0].figures.rates_known);
	sample.start_ns++; /* the pid was used again */
	look(&census, 4, &sample, 1);
	assert_false(census.rows[0].figures.rates_known);
	assert_null(census__find(&census, 7, 7 * SECOND));
	look(&census, 5, NULL, 0);
	assert_int_equal(census.count, 0);
	assert_null(census__find(&census, 7, 7 * SECOND + 1));
	census__free(&census);
}

static void cgroups_are_sums(void **state)
{
	struct census_sample samples[] = {process(7, "a", 2, 10), process(8, "b", 3, 20), process(9, "c", 0, 30)};
	struct census census = {0};

	(void)state;
	look(&census, 10, samples, 3);
	samples[0].rss_bytes += 4 * MIB;
	look(&census, 20, samples, 3);
	assert_int_equal(census.groups[0].figures.rss_bytes, 64 * MIB);
	assert_int_equal(census.groups[0].processes, 3);
	assert_int_equal(census.groups[1].figures.rss_bytes, 34 * MIB);
	assert_int_equal(census.groups[1].figures.anon_bytes, 15 * MIB);
	assert_int_equal(census.groups[1].figures.peak_bytes, 0);
	assert_int_equal(census.groups[1].processes, 2);
	assert_int_equal(census.groups[4].processes, 0);
	assert_int_equal(census.machine.rss_bytes, 64 * MIB);
	assert_float_equal(census.groups[1].figures.growth_per_hour, 1440.0 * MIB, 1e-3);
	/* one ends, one begins: no process grew, their cgroup did */
	samples[0] = process(11, "d", 2, 24);
	look(&census, 30, samples, 3);
	assert_float_equal(census.groups[2].figures.growth_per_hour, 2520.0 * MIB, 1e-3); /* 10, 14, 24 MiB */
	assert_float_equal(census.groups[3].figures.growth_per_hour, 0, 0);
	census__free(&census);
}

static void the_nearest_limit_counts(void **state)
{
	struct census_sample samples[] = {process(7, "a", 2, 10), process(8, "b", 3, 20), process(9, "c", 0, 30)};
	struct census census = {0};

	(void)state;
	look(&census, 0, samples, 3);
	/* nothing grows: the one with the least room */
	assert_int_equal(census.rows[0].limit.group, 1);
	assert_int_equal(census.rows[0].limit.limit_bytes, 100 * MIB);
	assert_true(census.rows[0].limit.seconds < 0);
	assert_int_equal(census.rows[1].limit.group, 3);
	assert_int_equal(census.rows[2].limit.group, CENSUS_LIMIT_MACHINE);
	assert_int_equal(census.rows[2].limit.used_bytes, 512 * MIB);
	assert_false(census.rows[0].limit.growth_known);
	/* 36 MiB of /web are gone in 9 s, 19 MiB of /web/b in 19 s, 507 MiB of the machine in 101.4 s */
	use(64, 31, 517);
	look(&census, 1, samples, 3);
	assert_int_equal(census.rows[0].limit.group, 1);
	assert_true(census.rows[0].limit.growth_known);
	assert_float_equal(census.rows[0].limit.growth_per_hour, 4 * 3600.0 * MIB, 1e-3);
	assert_float_equal(census.rows[0].limit.seconds, 9, 1e-9);
	assert_int_equal(census.rows[1].limit.group, 1);
	assert_float_equal(census.rows[1].limit.seconds, 9, 1e-9);
	assert_int_equal(census.rows[2].limit.group, CENSUS_LIMIT_MACHINE);
	assert_float_equal(census.rows[2].limit.seconds, 101.4, 1e-9);
	census__free(&census);
	/* what /web/b takes, /web/a gives back: only the inner limit is approached */
	use(60, 30, 512);
	look(&census, 0, samples, 3);
	use(60, 34, 512);
	look(&census, 1, samples, 3);
	assert_int_equal(census.rows[0].limit.group, 1);
	assert_true(census.rows[0].limit.seconds < 0);
	assert_int_equal(census.rows[1].limit.group, 3);
	assert_float_equal(census.rows[1].limit.seconds, 4, 1e-9);
	census__free(&census);
	/* shared memory: every process has it, the cgroup once */
	use(60, 30, 512);
	look(&census, 0, samples, 3);
	for (int i = 0; i < 3; i++)
		samples[i].rss_bytes += 10 * MIB;
	use(70, 30, 522);
	look(&census, 1, samples, 3);
	assert_float_equal(census.groups[1].figures.growth_per_hour, 20 * 3600.0 * MIB, 1e-3);
	assert_float_equal(census.groups[1].limit.growth_per_hour, 10 * 3600.0 * MIB, 1e-3);
	assert_float_equal(census.groups[1].limit.seconds, 3, 1e-9);
	census__free(&census);
	use(120, 30, 512); /* over it, as after it was lowered */
	look(&census, 0, samples, 3);
	assert_int_equal(census.rows[0].limit.group, 1);
	use(60, 30, 512);
	census__free(&census);
}

/* ---- views */

/* "9 7 8": the lines' pids, cgroups by their paths, one blank for each step down in the tree. */
static void check_view(const struct census *census, const struct census_request *request, const char *expected)
{
	struct census_view view;
	struct buf_ {
		char data[256];
		size_t size;
	} text = {0};

	assert_int_equal(census_view__make(census, request, &view), 0);
	for (size_t i = 0; i < view.count; i++) {
		const struct census_line *line = &view.lines[i];
		char *to = text.data + text.size;
		size_t room = sizeof(text.data) - text.size;

		if (line->row)
			text.size += (size_t)snprintf(to, room, "%*s%d\n", (int)line->depth, "", line->row->sample.pid);
		else
			text.size +=
				(size_t)snprintf(to, room, "%*s%s\n", (int)line->depth, "", line->group->cgroup.path);
	}
	assert_string_equal(text.data, expected);
	census_view__free(&view);
}

static struct census three(void)
{
	struct census_sample samples[] = {process(7, "server", 2, 10), process(81, "Agent", 3, 20),
					  process(9, "worker", 0, 15), process(10, "hidden", 3, 99)};
	struct census census = {0};

	samples[0].peak_bytes = 200 * MIB;
	samples[1].swap_bytes = MIB;
	samples[2].anon_bytes = 14 * MIB;
	samples[3].wanted = false;
	look(&census, 1, samples, 4);
	samples[0].rss_bytes += MIB;
	samples[2].faults += 3;
	look(&census, 2, samples, 4);
	return census;
}

static void rows_are_sorted(void **state)
{
	static const char *const orders[] = {"81\n9\n7\n", "7\n9\n81\n", "7\n81\n9\n", "9\n81\n7\n",
					     "81\n7\n9\n", "9\n7\n81\n", "7\n9\n81\n", "81\n7\n9\n"};
	struct census census = three();

	(void)state;
	for (int sort = 0; sort < CENSUS_SORTS; sort++)
		check_view(&census, &(struct census_request){.sort = (enum census_sort)sort}, orders[sort]);
	census__free(&census);
}

static void rows_are_filtered(void **state)
{
	struct census census = three();

	(void)state;
	check_view(&census, &(struct census_request){.filter = "aGE"}, "81\n");
	check_view(&census, &(struct census_request){.filter = "/WEB"}, "81\n7\n");
	check_view(&census, &(struct census_request){.filter = "9"}, "9\n");
	check_view(&census, &(struct census_request){.filter = "hidden"}, "");
	check_view(&census, &(struct census_request){.filter = ""}, "81\n9\n7\n");
	census__free(&census);
}

static void trees_are_by_cgroup(void **state)
{
	struct census census = three();

	(void)state;
	/* /web has 130 MiB, 99 of them of a process that is not shown */
	check_view(&census, &(struct census_request){.tree = true}, "/\n /web\n  /web/b\n   81\n  /web/a\n   7\n 9\n");
	check_view(&census, &(struct census_request){.tree = true, .sort = CENSUS_BY_PID},
		   "/\n /web\n  /web/a\n   7\n  /web/b\n   81\n 9\n");
	check_view(&census, &(struct census_request){.tree = true, .filter = "server"}, "/\n /web\n  /web/a\n   7\n");
	check_view(&census, &(struct census_request){.tree = true, .filter = "nobody"}, "");
	census__free(&census);
}

static void processes_without_a_cgroup_have_their_place(void **state)
{
	struct census_sample samples[] = {process(7, "a", CENSUS_NO_GROUP, 10), process(8, "b", 0, 20)};
	struct census census = {0};

	(void)state;
	look(&census, 1, samples, 2);
	check_view(&census, &(struct census_request){.tree = true}, "/\n 8\n7\n");
	census__free(&census);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_are_between_two_looks),
		cmocka_unit_test(others_are_not_mistaken_for_it),
		cmocka_unit_test(cgroups_are_sums),
		cmocka_unit_test(the_nearest_limit_counts),
		cmocka_unit_test(rows_are_sorted),
		cmocka_unit_test(rows_are_filtered),
		cmocka_unit_test(trees_are_by_cgroup),
		cmocka_unit_test(processes_without_a_cgroup_have_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
