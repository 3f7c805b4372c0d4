/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "golden.h"
#include "lib/array.h"
#include "render/top.h"

#define SECOND 1000000000ULL
#define MIB    (1ULL << 20)

static struct census_sample process(pid_t pid, const char *comm, int group, uint64_t rss)
{
	struct census_sample sample = {
		.pid = pid,
		.parent = 1,
		.start_ns = 100 * SECOND + (uint64_t)pid,
		.image = (uint64_t)pid,
		.rss_bytes = rss,
		.anon_bytes = rss / 2,
		.file_bytes = rss / 4,
		.shmem_bytes = rss / 4,
		.peak_bytes = rss + MIB,
		.vm_bytes = 4 * rss,
		.data_bytes = 2 * rss,
		.threads = 3,
		.group = group,
		.wanted = true,
	};

	snprintf(sample.comm, sizeof(sample.comm), "%s", comm);
	return sample;
}

static struct census_cgroup cgroups[] = {
	{.path = "/", .parent = CENSUS_NO_GROUP},
	{.path = "/system.slice", .parent = 0},
	{.path = "/system.slice/web, \"quoted\"\033[2J.service",
	 .parent = 1,
	 .limit_bytes = 512 * MIB,
	 .used_bytes = 0},
	{.path = "/nobody", .parent = 0},
};

static void take_look(struct census *census, uint64_t seconds, struct census_sample *samples, size_t count)
{
	struct census_look look = {
		.ns = seconds * SECOND,
		.samples = samples,
		.count = count,
		.groups = cgroups,
		.group_count = ARRAY_SIZE(cgroups),
		.machine_bytes = 8192 * MIB,
		.available_bytes = 5120 * MIB,
	};

	look.available_bytes -= (seconds - 1000) * MIB / 5; /* by 2 MiB in ten seconds */
	cgroups[2].used_bytes = 384 * MIB + (seconds - 1000) * MIB / 5;
	for (size_t i = 0; i < count; i++)
		samples[i].ns = seconds * SECOND;
	assert_int_equal(census__look(census, &look), 0);
}

/* Two that have been there before, of which one grows; one that is new, one with a name made to do harm. */
static struct census a_census(void)
{
	struct census_sample samples[] = {
		process(1, "init", 0, 12 * MIB),
		process(812, "server", 2, 300 * MIB),
		process(4194304, "evil\033[2J\xff", CENSUS_NO_GROUP, 0),
		process(900, "new", 1, 1536),
	};
	struct census census = {0};

	take_look(&census, 1000, samples, 3);
	samples[1].rss_bytes += 2 * MIB;
	samples[1].swap_bytes = 3 * MIB;
	samples[1].peak_bytes = 310 * MIB;
	samples[1].peak_ns = 1005 * SECOND;
	samples[1].faults += 5120;
	samples[1].major_faults += 10;
	samples[1].cpu_ns += 5 * SECOND;
	samples[2].rss_bytes = 0;
	take_look(&census, 1010, samples, 4);
	return census;
}

static struct top_report report_of(const struct census *census, const struct census_view *view)
{
	return (struct top_report){
		.census = census,
		.view = view,
		.time_ns = FIXTURE_END_NS,
		.seconds = 10,
		.boot_ns = FIXTURE_END_NS - 2000 * (int64_t)SECOND,
		.monotonic_ns = FIXTURE_END_NS - 1010 * (int64_t)SECOND,
		.peak_bound_bytes = 768 << 10,
	};
}

static void check(const char *golden, const struct census_request *request, uint64_t top_n, size_t width,
		  void (*render)(const struct top_report *, size_t, struct buf *))
{
	struct census census = a_census();
	struct census_view view;
	struct top_report report;
	struct buf out = {0};

	assert_int_equal(census_view__make(&census, request, &view), 0);
	report = report_of(&census, &view);
	report.top_n = top_n;
	if (width)
		report.peaks_lost = 1, report.events_lost = 2, report.rest_seconds = 12.5;
	render(&report, width, &out);
	check_golden(golden, &out);
	census_view__free(&view);
	census__free(&census);
}

static void json(const struct top_report *report, size_t width, struct buf *out)
{
	(void)width;
	render__top_json(report, out);
}

static void csv(const struct top_report *report, size_t width, struct buf *out)
{
	(void)width;
	render__top_csv(report, out);
}

static void tables_are_rendered(void **state)
{
	(void)state;
	check("top.txt", &(struct census_request){0}, 0, 0, render__top_text);
	check("top-tree.txt", &(struct census_request){.tree = true, .filter = "s"}, 0, 80, render__top_text);
	check("top-narrow.txt", &(struct census_request){.sort = CENSUS_BY_GROWTH}, 2, 95, render__top_text);
}

static void data_is_rendered(void **state)
{
	(void)state;
	check("top.json", &(struct census_request){0}, 0, 0, json);
	check("top.csv", &(struct census_request){0}, 3, 0, csv);
}

static void check_line(const struct census_row *row, const char *expected)
{
	const struct census_line line = {.row = row};
	const struct census_view view = {0};
	const struct top_report report = {.view = &view};
	struct buf out = {0};

	render__top_line(&report, &line, 0, &out);
	assert_string_equal(out.data, expected);
	buf__free(&out);
}

/* What is large beyond measure stays in its column. */
static void columns_stay_where_they_are(void **state)
{
	struct census_row row = {.sample = {.pid = 7, .comm = "x", .group = CENSUS_NO_GROUP}};

	(void)state;
	row.figures = (struct census_figures){
		.rss_bytes = UINT64_MAX, .rates_known = true, .growth_per_hour = -1e18, .faults_per_second = 999999};
	row.limit.seconds = 365 * 86400 - 1;
	check_line(&row, "      7 16.0E     0     0     0     0     -    -888P 999999 364d23h  x                ?\n");
	row.figures.faults_per_second = 12.6e6;
	row.figures.growth_per_hour = 0.2;
	row.limit.seconds = 365 * 86400;
	check_line(&row, "      7 16.0E     0     0     0     0     -        0    13M    > 1y  x                ?\n");
	row.limit.seconds = 0;
	check_line(&row, "      7 16.0E     0     0     0     0     -        0    13M    0 ms  x                ?\n");
	row.limit.seconds = -1;
	check_line(&row, "      7 16.0E     0     0     0     0     -        0    13M       -  x                ?\n");
}

static void limits_are_told(void **state)
{
	struct census_group group = {.cgroup = {.path = "/web"}};
	const struct census census = {.groups = &group, .group_count = 1};
	static const struct {
		struct census_limit limit;
		const char *text;
	} cases[] = {
		{{CENSUS_LIMIT_UNKNOWN, 0, 0, false, 0, -1}, "limit unknown"},
		{{CENSUS_LIMIT_MACHINE, 8192 * MIB, 3072 * MIB, true, 0, -1}, "machine: 3.0 GiB of 8.0 GiB"},
		{{0, 512 * MIB, 412 * MIB, true, 1, 200}, "cgroup /web: 412.0 MiB of 512.0 MiB, full in 3m20s"},
		{{0, 512 * MIB, 512 * MIB, true, 1, 0}, "cgroup /web: 512.0 MiB of 512.0 MiB, full in 0 ms"},
		{{0, 512 * MIB, 412 * MIB, true, 1, 4e7}, "cgroup /web: 412.0 MiB of 512.0 MiB, not full in a year"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buf out = {0};

		render__top_limit(&census, &cases[i].limit, &out);
		assert_string_equal(out.data, cases[i].text);
		buf__free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_rendered),
		cmocka_unit_test(data_is_rendered),
		cmocka_unit_test(columns_stay_where_they_are),
		cmocka_unit_test(limits_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
