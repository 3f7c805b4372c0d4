/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "analyze/report.h"
#include "analyze/suppressions.h"
#include "lib/array.h"

static struct suppressions *parse(const char *text)
{
	struct suppressions *suppressions = NULL;
	struct error err = {0};

	assert_int_equal(suppressions__parse(text, "known.supp", &suppressions, &err), 0);
	return suppressions;
}

static void check_match(const char *pattern, const char *function, bool expected)
{
	const struct report_frame frame = {.function = function};
	struct suppressions *suppressions;
	char text[128];
	size_t found;

	snprintf(text, sizeof(text), "leak:%s\n", pattern);
	suppressions = parse(text);
	found = suppressions__find(suppressions, &frame, 1);
	if ((found == 0) != expected)
		fail_msg("\"%s\" %s \"%s\"", pattern, expected ? "does not match" : "matches", function);
	suppressions__free(suppressions);
}

static void patterns_match_as_leak_sanitizers_do(void **state)
{
	static const struct {
		const char *pattern, *function;
		bool expected;
	} cases[] = {
		{"alloc", "my_alloc_new", true},
		{"alloc", "my_Alloc_new", false},
		{"my*new", "my_alloc_new", true},
		{"my*new", "new_my", false},
		{"^alloc", "my_alloc", false},
		{"^my", "my_alloc", true},
		{"alloc$", "my_alloc", true},
		{"alloc$", "alloc_my_alloc", true}, /* the last one is at the end */
		{"alloc$", "alloc_new", false},
		{"^my*new$", "my_alloc_new", true},
		{"^my*new$", "my_alloc_newer", false},
		{"^exact$", "exact", true},
		{"^exact$", "exactly", false},
		{"^aba$", "aba", true},
		{"ab*ba$", "aba", false}, /* the two may not share a letter */
		{"a*b*c", "xaxbxcx", true},
		{"a*c*b", "xaxbxcx", false},
		{"*", "anything", true},
		{"a^b", "a^b", true}, /* is itself but at the start, and so is $ but at the end */
		{"a$b", "a$b", true},
		{"std::vector<*>::push_back", "std::vector<int, std::allocator<int> >::push_back(int&&)", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_match(cases[i].pattern, cases[i].function, cases[i].expected);
}

static void any_frame_counts_by_any_name(void **state)
{
	struct suppressions *suppressions = parse("leak:libknown.so\nleak:cache.c\nleak:main\n");
	const struct report_frame frames[] = {
		{.function = "malloc_wrapper"},
		{.object = "/usr/lib/libother.so", .file = "src/cache.c"},
		{.function = "main"},
		{.object = "/usr/lib/libknown.so.1"},
	};

	(void)state;
	assert_int_equal(suppressions__find(suppressions, frames, 1), SUPPRESSIONS_NONE);
	assert_int_equal(suppressions__find(suppressions, frames, 2), 1);
	assert_int_equal(suppressions__find(suppressions, frames, 3), 1); /* the first in the file */
	assert_int_equal(suppressions__find(suppressions, frames, 4), 0);
	assert_int_equal(suppressions__find(suppressions, frames, 0), SUPPRESSIONS_NONE);
	assert_int_equal(suppressions__find(NULL, frames, 4), SUPPRESSIONS_NONE);
	suppressions__free(suppressions);
	suppressions__free(NULL);
}

static void files_are_read(void **state)
{
	struct suppressions *suppressions = parse("# known\n\n  leak:one two \t\r\n\t# more\nleak:three");

	(void)state;
	assert_int_equal(suppressions__count(suppressions), 2);
	assert_string_equal(suppressions__pattern(suppressions, 0), "one two");
	assert_string_equal(suppressions__pattern(suppressions, 1), "three");
	suppressions__free(suppressions);
	suppressions = parse("");
	assert_int_equal(suppressions__count(suppressions), 0);
	suppressions__free(suppressions);
}

static void other_lines_are_refused(void **state)
{
	static const char *const bad[] = {"#\nrace:f\n", "leak:a\nleak:\n", "x\nleak", "leak:a\nLEAK:b"};
	struct suppressions *suppressions;
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(suppressions__parse(bad[i], "known.supp", &suppressions, &err), -EINVAL);
		if (i != 2)
			assert_string_equal(err.text, "known.supp, line 2: not a suppression: use leak:PATTERN");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_match_as_leak_sanitizers_do),
		cmocka_unit_test(any_frame_counts_by_any_name),
		cmocka_unit_test(files_are_read),
		cmocka_unit_test(other_lines_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
