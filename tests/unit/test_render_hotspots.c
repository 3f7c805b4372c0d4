/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"
#include "golden.h"
#include "render/hotspots.h"

static const struct hotspot rows[] = {
	{
		.pid = 812,
		.comm = "server",
		.cgroup = "/system.slice/web.service",
		.seconds = 90,
		.samples = 91,
		.rss_bytes = 600 << 20,
		.rss_average = 400 << 20,
		.rss_min = 100 << 20,
		.rss_max = 600 << 20,
		.cpu_known = true,
		.cpu_average = 12.5,
		.cpu_min = 0.5,
		.cpu_max = 99.5,
		.growth_known = true,
		.growth_per_hour = 3 << 20,
		.threshold_bytes = 500 << 20,
		.threshold_growth = 100 << 20,
		.above = true,
		.limit_bytes = 1 << 30,
		.used_bytes = 700 << 20,
		.crossings = 3,
		.skipped = 1,
		.captures = 2,
		.failures = 1,
		.last_path = "/var/lib/memtrawl/812-1/812-20261120T212955Z.pb.gz",
	},
	{.pid = 9,
	 .comm = "\033[2J\xff",
	 .seconds = 0,
	 .samples = 1,
	 .rss_bytes = 4096,
	 .rss_average = 4096,
	 .rss_min = 4096,
	 .rss_max = 4096},
};

static const struct hotspots_report report = {
	.since_ns = FIXTURE_END_NS,
	.time_ns = FIXTURE_END_NS + 90000000000,
	.looks = 91,
	.captures = 12,
	.failures = 3,
	.under_way = 1,
	.hooks_started = 12,
	.hooks_failed = 1,
	.hooks_timed_out = 2,
	.hooks_dropped = 3,
	.victims = 1,
	.events_lost = 4,
	.peaks_lost = 5,
	.journal_lost = 6,
	.rest_seconds = 7.25,
	.rows = (struct hotspot *)rows,
	.count = 2,
};

static void test_text(void **unused)
{
	struct buf out = {0};

	(void)unused;
	render__hotspots_text(&report, 0, &out);
	check_golden("hotspots.txt", &out);
}

static void test_json(void **unused)
{
	struct buf out = {0};

	(void)unused;
	render__hotspots_json(&report, &out);
	check_golden("hotspots.json", &out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_text), cmocka_unit_test(test_json)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
