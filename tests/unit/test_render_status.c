/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"
#include "golden.h"
#include "lib/array.h"
#include "render/status.h"

static const struct status_row attended = {
	.pid = 812,
	.comm = "server",
	.alive = true,
	.keeper = 900,
	.since_ns = FIXTURE_END_NS,
	.seconds = 90,
	.rung = "session",
	.heap = true,
	.stacks = "frame pointers",
	.overhead_percent = 1.25,
	.probe_cpu_percent = 0.75,
	.max_overhead_percent = 50,
	.event_rate = 12345,
	.live_bytes = 3 << 20,
	.live_blocks = 1000,
	.peak_bytes = 5 << 20,
	.tracked_blocks = 1000,
	.tracked_capacity = 1048576,
	.frames = 64,
	.snapshots = 2,
};

/* Everything has gone wrong: no keeper, no budget, sampling, a pause, every kind of loss, a name made to do harm. */
static struct status_row unattended(void)
{
	struct status_row row = {
		.pid = 9,
		.comm = "\033[2J\xff",
		.since_ns = FIXTURE_END_NS,
		.seconds = 0.5,
		.rung = "perf",
		.heap = true,
		.pages = true,
		.stacks = "frame pointers",
		.period_bytes = 512 << 10,
		.largest_period_bytes = 2 << 20,
		.paused_seconds = 12.5,
		.frames = 127,
		.tracked_capacity = 1024,
	};

	for (int i = 0; i < MT_LOSS_MAX; i++)
		row.loss[i] = (uint64_t)i + 1;
	return row;
}

static struct status_row of_pages(void)
{
	struct status_row row = attended;

	row.heap = false;
	row.pages = true;
	row.paused_seconds = 3;
	return row;
}

static void sessions_are_rendered(void **state)
{
	const struct status_row rows[] = {attended, unattended(), of_pages()};
	struct buf out = {0};

	(void)state;
	render__status_text(rows, ARRAY_SIZE(rows), &out);
	check_golden("status.txt", &out);
	render__status_json(rows, ARRAY_SIZE(rows), &out);
	check_golden("status.json", &out);
}

static void no_sessions_are_rendered(void **state)
{
	struct buf out = {0};

	(void)state;
	render__status_text(NULL, 0, &out);
	assert_string_equal(out.data, "no sessions: `memtrawl start -p PID` begins one\n");
	buf__free(&out);
	render__status_json(NULL, 0, &out);
	assert_string_equal(out.data, "{\n  \"schema\": \"memtrawl.status/1\",\n  \"sessions\": []\n}\n");
	buf__free(&out);
}

/* A process may call itself nothing at all. */
static void an_empty_name_is_a_name(void **state)
{
	struct status_row row = attended;
	struct buf out = {0};

	(void)state;
	row.comm = "";
	render__status_json(&row, 1, &out);
	assert_non_null(strstr(out.data, "\"comm\": \"\""));
	buf__free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions_are_rendered),
		cmocka_unit_test(no_sessions_are_rendered),
		cmocka_unit_test(an_empty_name_is_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
