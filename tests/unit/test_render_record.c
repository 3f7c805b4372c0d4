/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>

#include "fixture.h"
#include "golden.h"
#include "lib/array.h"
#include "render/record.h"
#include "render/spikes.h"
#include "render/variance.h"

static struct spike two[] = {
	{.start_us = 1000000, .top_us = 1250000, .start_kb = 10240, .top_kb = 61440},
	{.start_us = 9000000, .top_us = 9000000, .start_kb = 20480, .top_kb = 71680},
};

static const struct spikes spikes = {
	.options = {.rise_kb = 20480, .within_us = 1000000}, .list = two, .count = ARRAY_SIZE(two)};
static const struct spikes no_spikes = {.options = {.rise_kb = 512, .within_us = 250000}};

static const struct rss_series series = {
	.rows = 1003,
	.first_us = 0,
	.last_us = 10000000,
	.peak = {.time_us = 9000000, .rss_kb = 71680, .size_kb = 100000, .data_kb = 80000},
};

static void a_recording_is_rendered(void **state)
{
	static struct recording_state recording = {
		.start_time_ns = FIXTURE_END_NS,
		.start_ns = 5000000000,
		.end_ns = 15000000000,
		.samples = 1000,
		.missed = 1,
		.between = 2,
		.ended = true,
		.wait_status = 3 << 8,
		.bound_bytes = 262144,
		.cpu_ns = 42000000,
		.comm = "server",
	};
	const struct series_file_state file = {.rows = 1003, .bytes = 40000, .rotations = 2};
	const struct record_summary summary = {
		.pid = 812,
		.cmdline = "/usr/bin/server --port 80",
		.interval_ns = 10000000,
		.end = RECORD_ENDED,
		.state = &recording,
		.series = &series,
		.spikes = &spikes,
		.path = "rss.csv",
		.file = &file,
	};
	struct buf out = {0};

	(void)state;
	for (uint64_t i = 1; i <= 1000; i++)
		jitter__add(&recording.jitter, i * 1000);
	render__record_text(&summary, 0, &out);
	check_golden("record.txt", &out);
	render__record_json(&summary, &out);
	check_golden("record.json", &out);
}

/* Names made to do harm, a full disk, losses; no sample after the first, and nothing known of the end. */
static void a_recording_that_went_wrong(void **state)
{
	const struct recording_state recording = {
		.start_time_ns = FIXTURE_END_NS,
		.start_ns = 5000000000,
		.end_ns = 5000000000,
		.samples = 1,
		.execs = 2,
		.wait_status = -1,
		.bound_bytes = 4096,
		.loss = {.images_full = 3, .events_lost = 4},
		.comm = "\033[2J\xff",
	};
	const struct series_file_state file = {.rows = 1, .bytes = 80, .lost_rows = 7, .code = -ENOSPC};
	const struct rss_series one = {.rows = 8, .peak = {.rss_kb = 4}};
	struct record_summary summary = {
		.pid = 9,
		.interval_ns = 2500000,
		.end = RECORD_INTERRUPTED,
		.state = &recording,
		.series = &one,
		.spikes = &no_spikes,
		.file = &file,
	};
	struct buf out = {0};

	(void)state;
	render__record_text(&summary, 0, &out);
	check_golden("record-hostile.txt", &out);
	render__record_json(&summary, &out);
	check_golden("record-hostile.json", &out);
	summary.end = RECORD_ENDED;
	render__record_text(&summary, 0, &out);
	assert_non_null(strstr(out.data, "  ended     the process has ended\n"));
	buf__free(&out);
}

static void spikes_are_rendered(void **state)
{
	struct rss_series cut = series;
	const struct spikes_report report = {.path = "rss.csv", .series = &series, .spikes = &spikes};
	const struct spikes_report none = {.path = "\033[2J.csv", .series = &cut, .spikes = &no_spikes};
	struct buf out = {0};

	(void)state;
	cut.cut = true;
	render__spikes_text(&report, 0, &out);
	check_golden("spikes.txt", &out);
	render__spikes_json(&report, &out);
	check_golden("spikes.json", &out);
	render__spikes_csv(&report, &out);
	check_golden("spikes.csv", &out);
	render__spikes_text(&none, 0, &out);
	check_golden("spikes-none.txt", &out);
	render__spikes_json(&none, &out);
	check_golden("spikes-none.json", &out);
	render__spikes_csv(&none, &out);
	assert_string_equal(out.data, "time_s,rss_kb,rise_kb,duration_s,kb_per_s\r\n");
	buf__free(&out);
}

static void a_variance_is_rendered(void **state)
{
	struct variance_row rows[] = {
		{.path = "a.csv", .series = series}, {.path = "b,\"2\".csv", .series = series}, {.path = "\033[2J"}};
	struct variance three = {0}, one = {0};
	struct variance_report report = {.rows = rows, .count = ARRAY_SIZE(rows), .peaks = &three};
	struct buf out = {0};

	(void)state;
	rows[1].series.peak.rss_kb = 61440;
	rows[2].series = (struct rss_series){.rows = 1, .peak.rss_kb = 51200, .cut = true};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		variance__add(&three, (double)rows[i].series.peak.rss_kb * 1024);
	render__variance_text(&report, 0, &out);
	check_golden("variance.txt", &out);
	render__variance_json(&report, &out);
	check_golden("variance.json", &out);
	render__variance_csv(&report, &out);
	check_golden("variance.csv", &out);
	report = (struct variance_report){.rows = rows, .count = 1, .peaks = &one};
	variance__add(&one, (double)rows[0].series.peak.rss_kb * 1024);
	render__variance_text(&report, 0, &out);
	check_golden("variance-one.txt", &out);
	render__variance_json(&report, &out);
	check_golden("variance-one.json", &out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recording_is_rendered),
		cmocka_unit_test(a_recording_that_went_wrong),
		cmocka_unit_test(spikes_are_rendered),
		cmocka_unit_test(a_variance_is_rendered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
