/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>

#include "fixture.h"
#include "golden.h"
#include "render/pieces.h"
#include "render/render.h"

typedef void (*render_fn)(const struct report *report, struct buf *out);

static void wide_text(const struct report *report, struct buf *out)
{
	render__text(report, 0, out);
}

static void check_report(enum report_kind kind, const struct profile *profile, enum report_group group,
			 render_fn render, const char *name)
{
	const struct report_request request = {
		.group = group,
		.sort = kind == REPORT_LEAKS   ? SORT_SCORE
			: kind == REPORT_REACH ? SORT_LOST
					       : SORT_LIVE,
		.top_n = 3,
	};
	struct report *report;
	struct error err = {0};
	struct buf out = {0};

	assert_int_equal(report__new(kind, profile, &request, &report, &err), 0);
	render(report, &out);
	check_golden(name, &out);
	report__free(report);
}

static void profiles_are_rendered(void **state)
{
	struct profile *profile = fixture_profile();

	(void)state;
	check_report(REPORT_PROFILE, profile, GROUP_STACK, wide_text, "profile-stack.txt");
	check_report(REPORT_PROFILE, profile, GROUP_LINE, wide_text, "profile-line.txt");
	check_report(REPORT_PROFILE, profile, GROUP_STACK, render__json, "profile-stack.json");
	check_report(REPORT_PROFILE, profile, GROUP_FILE, render__json, "profile-file.json");
	check_report(REPORT_PROFILE, profile, GROUP_STACK, render__csv, "profile.csv");
	check_report(REPORT_PROFILE, profile, GROUP_STACK, render__folded, "profile.folded");
	profile__free(profile);
}

static void leaks_are_rendered(void **state)
{
	struct profile *profile = fixture_profile();

	(void)state;
	check_report(REPORT_LEAKS, profile, GROUP_STACK, wide_text, "leaks.txt");
	check_report(REPORT_LEAKS, profile, GROUP_STACK, render__json, "leaks.json");
	check_report(REPORT_LEAKS, profile, GROUP_FUNCTION, render__csv, "leaks.csv");
	profile__free(profile);
}

/* How they grew, and what that means for the process. */
static void trends_are_rendered(void **state)
{
	struct profile *profile = fixture_profile();

	(void)state;
	fixture_looks(profile);
	check_report(REPORT_LEAKS, profile, GROUP_STACK, wide_text, "leaks-trend.txt");
	check_report(REPORT_LEAKS, profile, GROUP_FUNCTION, render__json, "leaks-trend.json");
	check_report(REPORT_LEAKS, profile, GROUP_FILE, render__csv, "leaks-trend.csv");
	profile__free(profile);
}

/* The cache has grown by 8 MiB between the tenth look and the one after. */
static void jumps_are_rendered(void **state)
{
	struct profile *profile = fixture_profile();

	(void)state;
	fixture_looks(profile);
	for (size_t i = 10; i < profile->look_count; i++) {
		profile->points[profile->look_count + i].live_bytes += 8 << 20;
		profile->looks[i].heap.live_bytes += 8 << 20;
		profile->looks[i].rss.current_bytes += 9 << 20;
	}
	check_report(REPORT_LEAKS, profile, GROUP_FUNCTION, wide_text, "leaks-jump.txt");
	check_report(REPORT_LEAKS, profile, GROUP_FUNCTION, render__json, "leaks-jump.json");
	profile__free(profile);
}

static void reachability_is_rendered(void **state)
{
	struct profile *profile = fixture_profile();

	(void)state;
	fixture_reach(profile);
	check_report(REPORT_REACH, profile, GROUP_STACK, wide_text, "reach.txt");
	check_report(REPORT_REACH, profile, GROUP_FUNCTION, render__json, "reach.json");
	check_report(REPORT_REACH, profile, GROUP_FUNCTION, render__csv, "reach.csv");
	profile->reach = (struct profile_reach){.known = true, .stopped = true, .pause_seconds = 0.0123, .passes = 1};
	for (size_t i = 0; i < profile->site_count; i++)
		memset(profile->sites[i].reach, 0, sizeof(profile->sites[i].reach));
	check_report(REPORT_REACH, profile, GROUP_STACK, wide_text, "reach-none.txt");
	profile__free(profile);
}

static size_t fields_in(const char *line)
{
	size_t commas = 0, length = strcspn(line, "\r");
	bool quoted = false;

	for (size_t i = 0; i < length; i++) {
		quoted ^= line[i] == '"';
		commas += line[i] == ',' && !quoted;
	}
	return commas + 1;
}

/* The line for what no row shows has as many fields as all others. */
static void tables_are_rectangular(void **state)
{
	static const enum report_kind kinds[] = {REPORT_PROFILE, REPORT_LEAKS, REPORT_REACH};
	const struct report_request request = {.group = GROUP_STACK, .sort = SORT_LIVE, .top_n = 1};
	struct profile *profile = fixture_profile();

	(void)state;
	fixture_reach(profile);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct report *report;
		struct error err = {0};
		struct buf out = {0};
		size_t lines = 0;

		assert_int_equal(report__new(kinds[i], profile, &request, &report, &err), 0);
		render__csv(report, &out);
		for (const char *line = out.data; *line; line = strchr(line, '\n') + 1, lines++)
			assert_int_equal(fields_in(line), fields_in(out.data));
		assert_int_equal(lines, 3);
		buf__free(&out);
		report__free(report);
	}
	profile__free(profile);
}

/* A sampled profile that ended early and lost much. */
static void circumstances_are_told(void **state)
{
	struct profile *profile = fixture_profile();

	(void)state;
	profile->sampling = (struct profile_sampling){SAMPLING_POISSON, 524288, 2097152, 1.5};
	profile->end_reason = strdup("over the budget of 5 %");
	profile->trigger = (struct profile_trigger){strdup("rss"), 500 << 20, 506 << 20, 1795210195123000000};
	profile->rss = (struct profile_rss){0};
	profile->loss[MT_LOSS_FREE_UNMATCHED] = 99; /* not a loss when sampling */
	profile->loss[MT_LOSS_TABLE_FULL] = 7;
	check_report(REPORT_PROFILE, profile, GROUP_FUNCTION, wide_text, "profile-sampled.txt");
	profile__free(profile);
}

/* In a table of its own, and nowhere else. */
static void mapped_memory_is_rendered(void **state)
{
	struct profile *profile = fixture_profile();

	(void)state;
	fixture_mapped(profile);
	check_report(REPORT_PROFILE, profile, GROUP_FUNCTION, wide_text, "mapped.txt");
	check_report(REPORT_PROFILE, profile, GROUP_FUNCTION, render__json, "mapped.json");
	check_report(REPORT_PROFILE, profile, GROUP_STACK, render__csv, "profile.csv");
	check_report(REPORT_PROFILE, profile, GROUP_STACK, render__folded, "profile.folded");
	profile__free(profile);
}

static void rows_of_mapped_memory_are_chosen(void **state)
{
	struct report_request request = {.group = GROUP_STACK, .top_n = 1};
	struct profile *profile = fixture_profile();
	struct report *report;
	struct error err;

	(void)state;
	fixture_mapped(profile);
	assert_int_equal(report__new(REPORT_LEAKS, profile, &request, &report, &err), 0);
	assert_int_equal(report->mapped.row_count, 1);
	assert_int_equal(report->mapped.rows[0].counts.live_bytes, 32 << 20);
	assert_int_equal(report->mapped.others.alloc_bytes, 1 << 20);
	assert_int_equal(report->mapped.others.free_bytes, 1 << 20);
	assert_int_equal(report->mapped.totals.alloc_bytes, 65 << 20);
	report__free(report);
	request = (struct report_request){.group = GROUP_STACK, .filter = "libgrow"};
	assert_int_equal(report__new(REPORT_PROFILE, profile, &request, &report, &err), 0);
	assert_int_equal(report->mapped.row_count, 1);
	assert_int_equal(report->mapped.rows[0].counts.alloc_bytes, 1 << 20);
	assert_int_equal(report->mapped.others.live_bytes, 32 << 20);
	report__free(report);
	assert_int_equal(report__new_diff(profile, profile, &request, &report, &err), 0);
	assert_false(report->mapped.known);
	report__free(report);
	profile__free(profile);
}

static void empty_profile_is_rendered(void **state)
{
	struct profile *profile = profile__new();

	(void)state;
	check_report(REPORT_PROFILE, profile, GROUP_STACK, wide_text, "empty.txt");
	check_report(REPORT_LEAKS, profile, GROUP_STACK, wide_text, "empty-leaks.txt");
	check_report(REPORT_PROFILE, profile, GROUP_STACK, render__json, "empty.json");
	check_report(REPORT_PROFILE, profile, GROUP_STACK, render__csv, "empty.csv");
	profile__free(profile);
}

static void check_diff(const struct profile *before, const struct profile *after, enum report_group group,
		       render_fn render, const char *name)
{
	const struct report_request request = {.group = group};
	struct report *report;
	struct error err = {0};
	struct buf out = {0};

	assert_int_equal(report__new_diff(before, after, &request, &report, &err), 0);
	render(report, &out);
	check_golden(name, &out);
	report__free(report);
}

static void diffs_are_rendered(void **state)
{
	struct profile *before = fixture_profile(), *after = fixture_profile();

	(void)state;
	after->sites[0].live_bytes += 1 << 20;
	after->sites[0].live_objects += 1024;
	after->sites[0].alloc_bytes += 1 << 20;
	after->sites[0].alloc_objects += 1024;
	before->sites[1].live_bytes = before->sites[1].live_objects = 0;
	after->sites[2].live_bytes = after->sites[2].live_objects = 0;
	before->totals = after->totals = (struct profile_totals){0};
	fixture_totals(before);
	fixture_totals(after);
	before->rss.swap_bytes = 2 << 20; /* which came back */
	after->rss.current_bytes += 12 << 20;
	check_diff(before, after, GROUP_STACK, wide_text, "diff-stack.txt");
	check_diff(before, after, GROUP_FUNCTION, wide_text, "diff-function.txt");
	check_diff(before, after, GROUP_STACK, render__json, "diff.json");
	check_diff(before, after, GROUP_STACK, render__csv, "diff.csv");
	check_diff(before, after, GROUP_STACK, render__folded, "diff.folded");
	profile__free(before);
	profile__free(after);
}

/* Names as an enemy would choose them: nothing of them may act on a terminal, in JSON, CSV, or folded stacks. */
static void hostile_names_are_harmless(void **state)
{
	struct profile *profile = profile__new();
	struct profile_mapping m = {.limit = 0x1000};
	struct profile_site *site;
	uint32_t location;

	(void)state;
	profile->process.pid = 1;
	profile->process.comm = strdup("\033]0;owned\a");
	profile->process.cmdline = strdup("a\nmemtrawl: all is well\r\t\x7f\xc2\x9b"
					  "31m \xe2\x80\xae\xe2\x80\x8e\xe2\x81\xa9\xd8\x9c \xff\xfe");
	profile->end_reason = strdup("\033[2J");
	m.filename = profile__string(profile, "/tmp/\"lib\",\n\033[31m;x.so");
	m.build_id = profile__string(profile, "\x80");
	profile__add_mapping(profile, &m);
	location =
		fixture_location(profile, 0, 0x10, fixture_function(profile, "f;\"\n\033[1m,\xff", "src/\"\033,.c"), 1);
	site = profile__add_site(profile, &location, 1);
	site->live_bytes = 10;
	site->live_objects = 1;
	location = fixture_location(profile, 0, 0x20, PROFILE_NONE, 0);
	site = profile__add_site(profile, &location, 1);
	site->live_bytes = 9;
	site->live_objects = 1;
	check_report(REPORT_PROFILE, profile, GROUP_STACK, wide_text, "hostile.txt");
	check_report(REPORT_PROFILE, profile, GROUP_STACK, render__json, "hostile.json");
	check_report(REPORT_PROFILE, profile, GROUP_STACK, render__csv, "hostile.csv");
	check_report(REPORT_PROFILE, profile, GROUP_STACK, render__folded, "hostile.folded");
	profile__free(profile);
}

static void lines_are_cut_on_terminals_only(void **state)
{
	const struct report_request request = {.group = GROUP_FUNCTION};
	struct profile *profile = fixture_profile();
	struct report *report;
	struct error err = {0};
	struct buf out = {0};

	(void)state;
	assert_int_equal(report__new(REPORT_PROFILE, profile, &request, &report, &err), 0);
	render__text(report, 40, &out);
	check_golden("narrow.txt", &out);
	report__free(report);
	profile__free(profile);
}

static void check_cut(const char *text, size_t width, const char *expected)
{
	struct buf line = {0}, out = {0};

	buf__add_string(&line, text);
	pieces__add_line(&out, &line, width);
	assert_string_equal(out.data, expected);
	assert_int_equal(line.size, 0);
	buf__free(&line);
	buf__free(&out);
}

static void cuts_are_between_characters(void **state)
{
	(void)state;
	check_cut("abcdef", 0, "abcdef\n");
	check_cut("abcdef", 6, "abcdef\n");
	check_cut("abcdef", 5, "abcd\u2026\n");
	check_cut("abcdef", 1, "\u2026\n");
	check_cut("ab   ", 2, "ab\n");
	check_cut("\u00e4\u00f6\u00fc\u00df", 3, "\u00e4\u00f6\u2026\n");
	check_cut("", 5, "\n");
}

static void lists_are_rendered(void **state)
{
	struct listing_row rows[] = {
		{"before", "/store/812-1/before.pb.gz", 812, "server", FIXTURE_END_NS, 30, 7406568, 4074, 64 << 20},
		{"a-longer-name", "/store/9-1/a-longer-name.pb.gz", 9, "a,\"b\033", 0, 0.25, 0, 0, 0},
		{"x", "/store/9-1/x.pb.gz", 9, NULL, FIXTURE_END_NS, 7200, 1, 1, 1},
	};
	const struct listing listing = {.rows = rows, .count = 3};
	struct buf out = {0};

	(void)state;
	render__list_text(&listing, 0, &out);
	check_golden("list.txt", &out);
	render__list_json(&listing, &out);
	check_golden("list.json", &out);
	render__list_csv(&listing, &out);
	check_golden("list.csv", &out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(profiles_are_rendered),
		cmocka_unit_test(leaks_are_rendered),
		cmocka_unit_test(jumps_are_rendered),
		cmocka_unit_test(reachability_is_rendered),
		cmocka_unit_test(tables_are_rectangular),
		cmocka_unit_test(trends_are_rendered),
		cmocka_unit_test(circumstances_are_told),
		cmocka_unit_test(mapped_memory_is_rendered),
		cmocka_unit_test(rows_of_mapped_memory_are_chosen),
		cmocka_unit_test(empty_profile_is_rendered),
		cmocka_unit_test(diffs_are_rendered),
		cmocka_unit_test(hostile_names_are_harmless),
		cmocka_unit_test(lines_are_cut_on_terminals_only),
		cmocka_unit_test(cuts_are_between_characters),
		cmocka_unit_test(lists_are_rendered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
