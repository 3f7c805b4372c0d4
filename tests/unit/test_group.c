/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analyze/frames.h"
#include "analyze/report.h"
#include "fixture.h"

static struct report *report_of(const struct profile *profile, struct report_request request)
{
	struct report *report;
	struct error err = {0};

	assert_int_equal(report__new(REPORT_PROFILE, profile, &request, &report, &err), 0);
	return report;
}

/* Rows and others must make up the totals, whatever is left out. */
static void check_sums(const struct report *report)
{
	struct report_counts sum = report->others;

	for (size_t i = 0; i < report->row_count; i++) {
		sum.live_bytes += report->rows[i].counts.live_bytes;
		sum.live_objects += report->rows[i].counts.live_objects;
		sum.alloc_bytes += report->rows[i].counts.alloc_bytes;
		sum.alloc_objects += report->rows[i].counts.alloc_objects;
		sum.free_bytes += report->rows[i].counts.free_bytes;
		sum.free_objects += report->rows[i].counts.free_objects;
	}
	assert_int_equal(sum.live_bytes, report->subject.totals.live_bytes);
	assert_int_equal(sum.live_objects, report->subject.totals.live_objects);
	assert_int_equal(sum.alloc_bytes, report->subject.totals.alloc_bytes);
	assert_int_equal(sum.alloc_objects, report->subject.totals.alloc_objects);
	assert_int_equal(sum.free_bytes, report->subject.totals.free_bytes);
	assert_int_equal(sum.free_objects, report->subject.totals.free_objects);
}

static void stacks_stand_alone(void **state)
{
	struct profile *profile = fixture_profile();
	struct report *report = report_of(profile, (struct report_request){.group = GROUP_STACK});
	const struct report_frame *frames;

	(void)state;
	assert_int_equal(report->row_count, 4);
	assert_int_equal(report->rows[0].counts.live_bytes, 4 << 20);
	assert_int_equal(report->rows[1].counts.live_bytes, 3 << 20);
	assert_int_equal(report->rows[2].counts.live_bytes, 65536);
	assert_int_equal(report->rows[3].counts.live_bytes, 1000);
	assert_true(report->rows[1].id == profile->sites[0].id);
	assert_int_equal(report->rows[1].frame_count, 3);
	frames = report->rows[1].frames;
	assert_string_equal(frames[0].function, "session_new");
	assert_true(frames[0].inlined && !frames[1].inlined && !frames[2].inlined);
	assert_string_equal(frames[0].file, "session.h");
	assert_int_equal(frames[0].line, 17);
	assert_string_equal(frames[1].function, "accept_client");
	assert_string_equal(frames[1].object, "/usr/bin/server");
	assert_string_equal(frames[1].build_id, "aa11");
	assert_int_equal(frames[1].offset, 0x1200);
	assert_true(frames[1].has_offset);
	assert_string_equal(frames[2].function, "main");
	frames = report->rows[3].frames;
	assert_null(frames[0].function);
	assert_string_equal(frames[0].object, "/usr/lib/libgrow.so.1");
	assert_string_equal(frames[1].function, "[truncated]");
	assert_null(frames[1].object);
	assert_false(frames[1].has_offset);
	assert_false(report__has_others(report));
	check_sums(report);
	report__free(report);
	profile__free(profile);
}

static void rows_are_added_up(void **state)
{
	struct profile *profile = fixture_profile();
	struct report *report = report_of(profile, (struct report_request){.group = GROUP_OBJECT});

	(void)state;
	assert_int_equal(report->row_count, 2);
	assert_string_equal(report->rows[0].frames[0].object, "/usr/bin/server");
	assert_null(report->rows[0].frames[0].function);
	assert_int_equal(report->rows[0].frame_count, 1);
	assert_int_equal(report->rows[0].counts.live_bytes, 7 << 20);
	assert_int_equal(report->rows[0].counts.live_objects, 4072);
	assert_int_equal(report->rows[0].counts.stacks, 2);
	assert_true(report->rows[0].counts.oldest_age_seconds == 29.5);
	/* allocated by the library through std::__new_allocator, which is passed over */
	assert_string_equal(report->rows[1].frames[0].object, "/usr/lib/libgrow.so.1");
	assert_int_equal(report->rows[1].counts.live_bytes, 66536);
	assert_int_equal(report->rows[1].counts.alloc_bytes, 99304);
	assert_int_equal(report->rows[1].counts.alloc_objects, 13);
	assert_int_equal(report->rows[1].counts.free_bytes, 32768);
	assert_int_equal(report->rows[1].counts.free_objects, 11);
	check_sums(report);
	report__free(report);
	report = report_of(profile, (struct report_request){.group = GROUP_FUNCTION});
	assert_int_equal(report->row_count, 3);
	assert_string_equal(report->rows[0].frames[0].function, "cache_fill");
	assert_string_equal(report->rows[1].frames[0].function, "session_new");
	assert_null(report->rows[2].frames[0].function);
	assert_int_equal(report->rows[2].frames[0].offset, 0x2345);
	check_sums(report);
	report__free(report);
	report = report_of(profile, (struct report_request){.group = GROUP_LINE});
	assert_int_equal(report->row_count, 3);
	assert_int_equal(report->rows[1].frames[0].line, 17);
	report__free(report);
	report = report_of(profile, (struct report_request){.group = GROUP_FILE});
	assert_int_equal(report->row_count, 3);
	assert_string_equal(report->rows[0].frames[0].file, "cache.c");
	assert_string_equal(report->rows[1].frames[0].file, "session.h");
	assert_string_equal(report->rows[2].frames[0].object, "/usr/lib/libgrow.so.1");
	check_sums(report);
	report__free(report);
	profile__free(profile);
}

static void two_lines_of_a_function_are_two_lines(void **state)
{
	struct profile *profile = fixture_profile();
	uint32_t function = profile->locations[2].lines[0].function; /* cache_fill */
	uint32_t elsewhere = fixture_location(profile, 0, 0x1380, function, 40);
	struct report *report;

	(void)state;
	profile__add_site(profile, &elsewhere, 1)->live_bytes = 5;
	report = report_of(profile, (struct report_request){.group = GROUP_LINE});
	assert_int_equal(report->row_count, 4);
	report__free(report);
	report = report_of(profile, (struct report_request){.group = GROUP_FUNCTION});
	assert_int_equal(report->row_count, 3);
	assert_int_equal(report->rows[0].counts.live_bytes, (4 << 20) + 5);
	report__free(report);
	profile__free(profile);
}

static void what_is_left_out_is_in_others(void **state)
{
	struct profile *profile = fixture_profile();
	struct report *report = report_of(profile, (struct report_request){.group = GROUP_STACK, .top_n = 1});

	(void)state;
	assert_int_equal(report->row_count, 1);
	assert_int_equal(report->others.stacks, 3);
	assert_int_equal(report->others.live_bytes, (3 << 20) + 65536 + 1000);
	assert_true(report->others.oldest_age_seconds == 29.5);
	assert_true(report->others.live_bytes_stderr == 1024);
	check_sums(report);
	report__free(report);
	report = report_of(profile, (struct report_request){.group = GROUP_STACK, .min_bytes = 65536});
	assert_int_equal(report->row_count, 3);
	assert_int_equal(report->others.live_bytes, 1000);
	check_sums(report);
	report__free(report);
	report = report_of(profile, (struct report_request){.group = GROUP_STACK, .min_bytes = 65537});
	assert_int_equal(report->row_count, 2);
	check_sums(report);
	report__free(report);
	report = report_of(profile, (struct report_request){.group = GROUP_STACK, .older_seconds = 12});
	assert_int_equal(report->row_count, 2);
	assert_int_equal(report->rows[0].counts.live_bytes, 3 << 20);
	assert_int_equal(report->rows[1].counts.live_bytes, 65536);
	check_sums(report);
	report__free(report);
	/* by function, by file, by object, by nothing */
	report = report_of(profile, (struct report_request){.group = GROUP_STACK, .filter = "accept_"});
	assert_int_equal(report->row_count, 1);
	assert_int_equal(report->rows[0].counts.live_bytes, 3 << 20);
	check_sums(report);
	report__free(report);
	report = report_of(profile, (struct report_request){.group = GROUP_FUNCTION, .filter = "cache.c"});
	assert_int_equal(report->row_count, 1);
	check_sums(report);
	report__free(report);
	report = report_of(profile, (struct report_request){.group = GROUP_STACK, .filter = "libgrow"});
	assert_int_equal(report->row_count, 2);
	check_sums(report);
	report__free(report);
	report = report_of(profile, (struct report_request){.group = GROUP_STACK, .filter = "nowhere"});
	assert_int_equal(report->row_count, 0);
	assert_int_equal(report->others.stacks, 4);
	check_sums(report);
	report__free(report);
	profile__free(profile);
}

/* What the kernel side counted but could give no site is in the totals only. */
static void unattributed_memory_is_in_others(void **state)
{
	struct profile *profile = fixture_profile();
	struct report *report;

	(void)state;
	profile->totals.live_bytes += 500;
	profile->totals.alloc_objects += 7;
	report = report_of(profile, (struct report_request){.group = GROUP_STACK});
	assert_true(report__has_others(report));
	assert_int_equal(report->others.stacks, 0);
	assert_int_equal(report->others.live_bytes, 500);
	assert_int_equal(report->others.alloc_objects, 7);
	check_sums(report);
	report__free(report);
	profile__free(profile);
}

/* The order of the four sites (leak, cache, vector, stripped) as l, c, v, s. */
static void check_order(enum report_sort sort, const char *expected)
{
	struct profile *profile = fixture_profile();
	struct report *report = report_of(profile, (struct report_request){.group = GROUP_STACK, .sort = sort});
	char order[5] = {0};

	for (size_t row = 0; row < 4; row++)
		for (size_t site = 0; site < 4; site++)
			if (report->rows[row].id == profile->sites[site].id)
				order[row] = "lcvs"[site];
	assert_string_equal(order, expected);
	report__free(report);
	profile__free(profile);
}

static void rows_are_sorted(void **state)
{
	(void)state;
	check_order(SORT_LIVE, "clvs");
	check_order(SORT_ALLOC, "clvs");
	check_order(SORT_OBJECTS, "lcvs"); /* one object each for the last two: the larger goes first */
	check_order(SORT_PEAK, "clvs");
	check_order(SORT_GROWTH, "clvs");
	check_order(SORT_AGE, "lvcs");
	check_order(SORT_TEMPORARY, "clvs");
}

/* The same age: the larger goes first, and then the one with the lower id, whichever came first. */
static void ties_are_settled(void **state)
{
	struct profile *profile = fixture_profile();
	struct report *report;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		profile->sites[i].oldest_age_seconds = 5;
	profile->sites[2].live_bytes = profile->sites[3].live_bytes = 7;
	profile->sites[2].alloc_bytes = profile->sites[3].alloc_bytes;
	profile->sites[0].alloc_bytes = 300 << 20; /* more than the larger one in live bytes has */
	report = report_of(profile, (struct report_request){.group = GROUP_STACK, .sort = SORT_AGE});
	assert_int_equal(report->rows[0].counts.live_bytes, 4 << 20);
	assert_int_equal(report->rows[1].counts.live_bytes, 3 << 20);
	assert_true(report->rows[2].id < report->rows[3].id);
	assert_int_equal(report->rows[3].counts.live_bytes, 7);
	report__free(report);
	profile__free(profile);
}

static void library_allocation_is_passed_over(void **state)
{
	const struct report_frame frames[] = {
		{.function = "operator new(unsigned long)"},
		{.function = "std::__new_allocator<char>::allocate(unsigned long, void const*)"},
		{.function = "std::allocator_traits<std::allocator<char> >::allocate(...)"},
		{.function = "std::vector<char>::reserve(unsigned long)"},
		{.function = "main"},
	};

	(void)state;
	assert_string_equal(frames__owner(frames, 5)->function, "std::vector<char>::reserve(unsigned long)");
	assert_string_equal(frames__owner(frames, 3)->function, "operator new(unsigned long)");
	assert_string_equal(frames__owner(frames + 4, 1)->function, "main");
	assert_null(frames__owner(frames, 0));
}

/* ---- two profiles */

static struct profile *later_profile(void)
{
	struct profile *profile = fixture_profile();

	profile->sites[0].live_bytes += 1 << 20; /* the leak goes on */
	profile->sites[0].live_objects += 1024;
	profile->sites[0].alloc_bytes += 1 << 20;
	profile->sites[0].alloc_objects += 1024;
	profile->sites[1].live_bytes -= 2 << 20; /* the cache shrank */
	profile->sites[1].live_objects -= 500;
	profile->sites[1].free_bytes += 2 << 20;
	profile->sites[1].free_objects += 500;
	profile->totals = (struct profile_totals){0};
	fixture_totals(profile);
	return profile;
}

static struct report *diff_of(const struct profile *before, const struct profile *after, struct report_request request)
{
	struct report *report;
	struct error err = {0};

	assert_int_equal(report__new_diff(before, after, &request, &report, &err), 0);
	return report;
}

static void differences_are_rows(void **state)
{
	struct profile *before = fixture_profile(), *after = later_profile();
	struct report *report = diff_of(before, after, (struct report_request){.group = GROUP_STACK});

	(void)state;
	assert_int_equal(report->row_count, 2); /* what did not change is in others */
	assert_true(report->rows[0].id == before->sites[1].id);
	assert_int_equal(report->rows[0].before.live_bytes, 4 << 20);
	assert_int_equal(report->rows[0].counts.live_bytes, 2 << 20);
	assert_int_equal(report->rows[1].before.live_objects, 3072);
	assert_int_equal(report->rows[1].counts.live_objects, 4096);
	assert_int_equal(report->others.stacks, 2);
	assert_int_equal(report->others.live_bytes, 66536);
	assert_int_equal(report->others_before.live_bytes, 66536);
	check_sums(report);
	report__free(report);
	report = diff_of(before, after, (struct report_request){.group = GROUP_STACK, .sort = SORT_GROWTH});
	assert_true(report->rows[0].id == before->sites[0].id);
	report__free(report);
	report = diff_of(before, after, (struct report_request){.group = GROUP_STACK, .min_bytes = 3 << 19});
	assert_int_equal(report->row_count, 1);
	report__free(report);
	report = diff_of(before, before, (struct report_request){.group = GROUP_STACK});
	assert_int_equal(report->row_count, 0);
	report__free(report);
	profile__free(before);
	profile__free(after);
}

/* Another build: every offset moved, functions kept their names. */
static void builds_are_compared_by_function(void **state)
{
	struct profile *before = fixture_profile(), *after = later_profile();
	struct report *report;

	(void)state;
	for (size_t i = 0; i < after->location_count; i++)
		after->locations[i].offset += 0x40;
	for (size_t i = 0; i < after->site_count; i++)
		after->sites[i].id = profile__site_id(after, after->sites[i].frames, after->sites[i].frame_count);
	report = diff_of(before, after, (struct report_request){.group = GROUP_STACK});
	assert_int_equal(report->row_count, 8);
	report__free(report);
	report = diff_of(before, after, (struct report_request){.group = GROUP_FUNCTION, .filter = "server"});
	assert_int_equal(report->row_count, 4); /* the two, and a place without a name, before and after */
	assert_string_equal(report->rows[0].frames[0].function, "cache_fill");
	assert_int_equal(report->rows[0].before.live_bytes, 4 << 20);
	assert_int_equal(report->rows[0].counts.live_bytes, 2 << 20);
	check_sums(report);
	report__free(report);
	profile__free(before);
	profile__free(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stacks_stand_alone),
		cmocka_unit_test(rows_are_added_up),
		cmocka_unit_test(two_lines_of_a_function_are_two_lines),
		cmocka_unit_test(what_is_left_out_is_in_others),
		cmocka_unit_test(unattributed_memory_is_in_others),
		cmocka_unit_test(rows_are_sorted),
		cmocka_unit_test(ties_are_settled),
		cmocka_unit_test(library_allocation_is_passed_over),
		cmocka_unit_test(differences_are_rows),
		cmocka_unit_test(builds_are_compared_by_function),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
