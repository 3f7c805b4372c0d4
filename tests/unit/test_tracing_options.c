/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/tracing_options.h"
#include "lib/array.h"

static const struct usage usage = {.verb = "try", .text = "Tries.\n"};
static struct tracing_options options;
static struct session_options session;
static struct error err;

static void reset(void)
{
	tracing_options__free_specs(&session);
	option_strings__free(&options.allocs);
	option_strings__free(&options.frees);
	options = (struct tracing_options)TRACING_OPTIONS_DEFAULT;
	session = (struct session_options){0};
	err = (struct error){0};
}

/* Parses a command line, words separated by '|', as a verb does. */
static int parse(const char *line)
{
	const struct option_group groups[] = {TARGET_GROUP(&options), TRACING_GROUP(&options)};
	static char copy[256];
	char *argv[16] = {"try"}, *rest = copy, *word;
	struct arguments arguments;
	int argc = 1, code;

	reset();
	snprintf(copy, sizeof(copy), "%s", line);
	while ((word = strsep(&rest, "|")))
		if (*word)
			argv[argc++] = word;
	code = options__parse(&usage, groups, ARRAY_SIZE(groups), argc, argv, &arguments, &err);
	return code ? code : tracing_options__session(&options, 5, &session, &err);
}

static void refuse(const char *line, const char *message)
{
	assert_int_equal(parse(line), -EINVAL);
	assert_string_equal(err.text, message);
	assert_int_equal(err.status, STATUS_USAGE);
	assert_null(session.specs);
}

static void defaults_are_those_of_the_help(void **state)
{
	(void)state;
	assert_int_equal(parse(""), 0);
	assert_true(session.adaptive);
	assert_int_equal(session.period, 0);
	assert_true(session.max_overhead == 5);
	assert_int_equal(session.frames, 64);
	assert_int_equal(session.live_max, 1048576);
	assert_int_equal(session.sites_max, 16384);
	assert_false(session.follow_forks);
	assert_false(session.mappings);
	assert_int_equal(session.spec_count, 0);
}

static void sampling_is_parsed(void **state)
{
	(void)state;
	assert_int_equal(parse("--sample|auto"), 0);
	assert_true(session.adaptive && session.period == 0);
	assert_int_equal(parse("--sample|exact"), 0);
	assert_true(!session.adaptive && session.period == 0);
	assert_int_equal(parse("--sample|512K"), 0);
	assert_true(!session.adaptive && session.period == 524288);
	assert_int_equal(parse("--sample|1"), 0);
	assert_int_equal(session.period, 1);
	assert_int_equal(parse("--sample|128M"), 0);
	assert_int_equal(session.period, 128 << 20);
}

static void bad_sampling_is_refused(void **state)
{
	(void)state;
	refuse("--sample|0", "--sample '0': use auto, exact, or a size from 1 to 128M such as 512K");
	refuse("--sample|-1", "--sample '-1': use auto, exact, or a size from 1 to 128M such as 512K");
	refuse("--sample|134217729", "--sample '134217729': use auto, exact, or a size from 1 to 128M such as 512K");
	refuse("--sample|Exact", "--sample 'Exact': use auto, exact, or a size from 1 to 128M such as 512K");
	refuse("--sample|4x", "--sample '4x': use auto, exact, or a size from 1 to 128M such as 512K");
}

static void budget_is_parsed(void **state)
{
	(void)state;
	assert_int_equal(parse("--max-overhead|2.5"), 0);
	assert_true(session.max_overhead == 2.5);
	assert_int_equal(parse("--max-overhead|10%"), 0);
	assert_true(session.max_overhead == 10);
	assert_int_equal(parse("--max-overhead|off"), 0);
	assert_true(session.max_overhead == 0);
	assert_int_equal(parse("--max-overhead|100000"), 0);
}

static void bad_budget_is_refused(void **state)
{
	(void)state;
	refuse("--max-overhead|0", "--max-overhead '0': use a percentage above 0, such as 5, or off");
	refuse("--max-overhead|-5", "--max-overhead '-5': use a percentage above 0, such as 5, or off");
	refuse("--max-overhead|5%%", "--max-overhead '5%%': use a percentage above 0, such as 5, or off");
	refuse("--max-overhead|%", "--max-overhead '%': use a percentage above 0, such as 5, or off");
	refuse("--max-overhead|nan", "--max-overhead 'nan': use a percentage above 0, such as 5, or off");
	refuse("--max-overhead|inf", "--max-overhead 'inf': use a percentage above 0, such as 5, or off");
	refuse("--max-overhead|100001", "--max-overhead '100001': use a percentage above 0, such as 5, or off");
	refuse("--max-overhead|few", "--max-overhead 'few': use a percentage above 0, such as 5, or off");
}

static void bad_counts_are_refused(void **state)
{
	(void)state;
	refuse("--frames|0", "--frames: '0' is not a whole number from 1 to 127");
	refuse("--frames|128", "--frames: '128' is not a whole number from 1 to 127");
	refuse("--max-live|1023", "--max-live: '1023' is not a whole number from 1024 to 268435456");
	refuse("--max-live|268435457", "--max-live: '268435457' is not a whole number from 1024 to 268435456");
	refuse("--max-sites|63", "--max-sites: '63' is not a whole number from 64 to 4194304");
	refuse("--max-sites|many", "--max-sites: 'many' is not a whole number from 64 to 4194304");
}

static void allocators_of_the_targets_own_are_parsed(void **state)
{
	(void)state;
	assert_int_equal(parse("--alloc|libpool.so:pool_get(size=arg2) -> "
			       "ptr|--free|pool:pool_put(ptr=arg1)|--follow-forks|--mappings"),
			 0);
	assert_true(session.follow_forks);
	assert_true(session.mappings);
	assert_int_equal(session.spec_count, 2);
	assert_string_equal(session.specs[0].object, "libpool.so");
	assert_string_equal(session.specs[0].function, "pool_get");
	assert_int_equal(session.specs[0].signature.class, MT_CLASS_ALLOC);
	assert_int_equal(session.specs[0].signature.arguments[ALLOC_SIZE], 1);
	assert_string_equal(session.specs[1].function, "pool_put");
	assert_int_equal(session.specs[1].signature.class, MT_CLASS_FREE);
	assert_int_equal(session.specs[1].signature.arguments[ALLOC_BLOCK], 0);
}

static void bad_allocators_are_refused(void **state)
{
	(void)state;
	refuse("--alloc|pool", "cannot understand --alloc 'pool': expected LIB:FUNCTION(...)");
	refuse("--alloc|a:(size=arg1)", "cannot understand --alloc 'a:(size=arg1)': expected LIB:FUNCTION(...)");
	refuse("--alloc|a:f(size=arg6)",
	       "cannot understand --alloc 'a:f(size=arg6)': expected NAME=argN with N from 1 to 5 at 'size=arg6)'");
	refuse("--alloc|a:f(length=arg1)", "cannot understand --alloc 'a:f(length=arg1)': 'length=' is no argument of "
					   "an allocator: use size=, count=, ptr= or out=");
	refuse("--alloc|a:f(ptr=arg1) -> ptr",
	       "cannot understand --alloc 'a:f(ptr=arg1) -> ptr': an allocation function needs size=argN");
	refuse("--alloc|a:f(size=arg1)",
	       "cannot understand --alloc 'a:f(size=arg1)': expected '-> ptr' after the arguments");
	refuse("--free|a:f(size=arg1)", "cannot understand --free 'a:f(size=arg1)': a free function needs ptr=argN");
	/* the second of two: the first is not leaked */
	refuse("--alloc|a:f(size=arg1) -> ptr|--alloc|b", "cannot understand --alloc 'b': expected LIB:FUNCTION(...)");
}

/* ---- who */

static int pids(const char *line, pid_t **list, size_t *count)
{
	assert_int_equal(parse(line), 0);
	return tracing_options__pids(&options, list, count, &err);
}

static void pids_are_listed_once(void **state)
{
	pid_t *list;
	size_t count;

	(void)state;
	assert_int_equal(pids("-p|812,9,812,4194304", &list, &count), 0);
	assert_int_equal(count, 3);
	assert_int_equal(list[0], 812);
	assert_int_equal(list[1], 9);
	assert_int_equal(list[2], 4194304);
	free(list);
}

static void refuse_pids(const char *line, int code, enum status status, const char *message)
{
	pid_t *list;
	size_t count;

	assert_int_equal(pids(line, &list, &count), code);
	assert_string_equal(err.text, message);
	assert_int_equal(err.status, status);
}

static void bad_pids_are_refused(void **state)
{
	(void)state;
	refuse_pids("", -EINVAL, STATUS_USAGE, "which process? Use -p PID, --comm NAME or --cgroup PATH");
	refuse_pids("-p|0", -EINVAL, STATUS_USAGE, "'0' is no process id: use -p PID, a number from 1 to 4194304");
	refuse_pids("-p|-1", -EINVAL, STATUS_USAGE, "'-1' is no process id: use -p PID, a number from 1 to 4194304");
	refuse_pids("-p|1,,2", -EINVAL, STATUS_USAGE, "'' is no process id: use -p PID, a number from 1 to 4194304");
	refuse_pids("-p|4194305", -EINVAL, STATUS_USAGE,
		    "'4194305' is no process id: use -p PID, a number from 1 to 4194304");
	refuse_pids("-p|redis", -EINVAL, STATUS_USAGE,
		    "'redis' is no process id: use -p PID, a number from 1 to 4194304");
	refuse_pids("-p|5|--comm|no_such_name_", -ESRCH, STATUS_REFUSED,
		    "no process is named no_such_name_: names are those of `ps -eo comm`");
	refuse_pids("--comm|more-than-fifteen-bytes", -ESRCH, STATUS_REFUSED,
		    "no process is named more-than-fifteen-bytes: the kernel keeps 15 bytes of a name, try "
		    "more-than-fifte");
}

static int clean(void **state)
{
	(void)state;
	reset();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_those_of_the_help),
		cmocka_unit_test(sampling_is_parsed),
		cmocka_unit_test(bad_sampling_is_refused),
		cmocka_unit_test(budget_is_parsed),
		cmocka_unit_test(bad_budget_is_refused),
		cmocka_unit_test(bad_counts_are_refused),
		cmocka_unit_test(allocators_of_the_targets_own_are_parsed),
		cmocka_unit_test(bad_allocators_are_refused),
		cmocka_unit_test(pids_are_listed_once),
		cmocka_unit_test(bad_pids_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, clean);
}
