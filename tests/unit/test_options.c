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

#include "cmd/cmd.h"
#include "cmd/output.h"
#include "cmd/report_options.h"
#include "lib/array.h"

struct values {
	bool force, quiet;
	uint64_t pid, size, age, every;
	const char *name;
	int color;
	struct option_strings allocs;
};

static const char *const colors[] = {"red", "green", "blue", NULL};

static const struct option options[] = {
	{.name = "force",
	 .letter = 'f',
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct values, force),
	 .help = "force it"},
	{.name = "quiet",
	 .letter = 'q',
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct values, quiet),
	 .help = "say less"},
	{.name = "pid",
	 .letter = 'p',
	 .type = OPTION_COUNT,
	 .offset = offsetof(struct values, pid),
	 .argument = "PID",
	 .help = "the process",
	 .min = 1,
	 .max = 4194304},
	{.name = "max-size",
	 .type = OPTION_SIZE,
	 .offset = offsetof(struct values, size),
	 .argument = "SIZE",
	 .help = "a size"},
	{.name = "age",
	 .letter = 'a',
	 .type = OPTION_DURATION,
	 .offset = offsetof(struct values, age),
	 .argument = "AGE",
	 .help = "an age"},
	{.name = "name",
	 .type = OPTION_STRING,
	 .offset = offsetof(struct values, name),
	 .argument = "TEXT",
	 .help = "a name"},
	{.name = "color",
	 .type = OPTION_CHOICE,
	 .offset = offsetof(struct values, color),
	 .help = "a colour",
	 .choices = colors},
	{.name = "alloc",
	 .type = OPTION_STRINGS,
	 .offset = offsetof(struct values, allocs),
	 .argument = "SPEC",
	 .help = "an allocator"},
	{.name = "every",
	 .type = OPTION_DURATION,
	 .offset = offsetof(struct values, every),
	 .optional = "5s",
	 .argument = "TIME",
	 .help = "repeat"},
};

static struct usage usage = {.verb = "try", .arguments = "[FILE]...", .text = "Tries.\n", .max_arguments = -1};
static struct values values;
static struct arguments arguments;
static struct error err;
static char words[32][128];
static char *word_pointers[33];

/* Parses the command line, words separated by '|'. */
static int parse(const char *line)
{
	const struct option_group groups[] = {{options, ARRAY_SIZE(options), &values}};
	char copy[1024], *rest = copy, *word;
	int count = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	option_strings__free(&values.allocs);
	values = (struct values){.color = 2, .pid = 5};
	err = (struct error){0};
	strcpy(words[count++], "try");
	while (*line && (word = strsep(&rest, "|")))
		snprintf(words[count++], sizeof(words[0]), "%s", word);
	for (int i = 0; i < count; i++)
		word_pointers[i] = words[i];
	word_pointers[count] = NULL;
	return options__parse(&usage, groups, 1, count, word_pointers, &arguments, &err);
}

static void refuse(const char *line, const char *reason)
{
	assert_int_equal(parse(line), -EINVAL);
	assert_string_equal(err.text, reason);
	assert_int_equal(err.status, STATUS_USAGE);
	assert_int_equal(arguments.count, 0);
}

static void options_are_set(void **state)
{
	(void)state;
	assert_int_equal(parse(""), 0);
	assert_true(!values.force && values.pid == 5 && values.color == 2 && arguments.count == 0);
	assert_int_equal(parse("--pid|7|--max-size=1.5K|-a|2m|--name|x y|--color=green|--force"), 0);
	assert_int_equal(values.pid, 7);
	assert_int_equal(values.size, 1536);
	assert_int_equal(values.age, 120000000000);
	assert_string_equal(values.name, "x y");
	assert_int_equal(values.color, 1);
	assert_true(values.force && !values.quiet);
	assert_int_equal(parse("-p1"), 0);
	assert_int_equal(values.pid, 1);
	assert_int_equal(parse("-p|1|-p|2"), 0);
	assert_int_equal(values.pid, 2);
	assert_int_equal(parse("-fqp3"), 0);
	assert_true(values.force && values.quiet && values.pid == 3);
	assert_int_equal(parse("-qf"), 0);
	assert_true(values.force && values.quiet);
	assert_int_equal(parse("--name=--force|--name=a=b"), 0);
	assert_string_equal(values.name, "a=b");
	assert_int_equal(parse("--name|--force"), 0);
	assert_string_equal(values.name, "--force");
	assert_false(values.force);
	assert_int_equal(parse("--alloc|a(b)|--alloc=c"), 0);
	assert_int_equal(values.allocs.count, 2);
	assert_string_equal(values.allocs.items[0], "a(b)");
	assert_string_equal(values.allocs.items[1], "c");
}

static void optional_values_need_an_equals_sign(void **state)
{
	(void)state;
	assert_int_equal(parse("--every|x"), 0);
	assert_int_equal(values.every, 5000000000);
	assert_int_equal(arguments.count, 1);
	assert_int_equal(parse("--every=2s"), 0);
	assert_int_equal(values.every, 2000000000);
	refuse("--every=x", "--every: 'x' is not a duration such as 250ms, 30s or 5m");
}

static void arguments_are_collected(void **state)
{
	(void)state;
	assert_int_equal(parse("a|-f|b|-|--pid|9|c"), 0);
	assert_int_equal(arguments.count, 4);
	assert_string_equal(arguments.items[0], "a");
	assert_string_equal(arguments.items[1], "b");
	assert_string_equal(arguments.items[2], "-");
	assert_string_equal(arguments.items[3], "c");
	assert_null(arguments.items[4]);
	assert_true(values.force && values.pid == 9);
	assert_int_equal(parse("a|--|-f|--pid|--"), 0);
	assert_int_equal(arguments.count, 4);
	assert_string_equal(arguments.items[1], "-f");
	assert_string_equal(arguments.items[3], "--");
	assert_false(values.force);
	usage.stop_at_argument = true;
	assert_int_equal(parse("-f|cmd|-q|--help|--|x"), 0);
	assert_int_equal(arguments.count, 5);
	assert_string_equal(arguments.items[1], "-q");
	assert_string_equal(arguments.items[3], "--");
	assert_true(values.force && !values.quiet);
	assert_int_equal(parse("-f|--|cmd|-q"), 0);
	assert_int_equal(arguments.count, 2);
	usage.stop_at_argument = false;
}

static void argument_count_is_checked(void **state)
{
	(void)state;
	usage.min_arguments = 1;
	usage.max_arguments = 2;
	refuse("-f", "try: too few arguments: memtrawl try [FILE]...");
	refuse("a|b|c", "try: unexpected argument 'c': memtrawl try [FILE]...");
	assert_int_equal(parse("a|b"), 0);
	usage.min_arguments = 0;
	usage.max_arguments = -1;
}

static void mistakes_are_explained(void **state)
{
	(void)state;
	refuse("--fore", "try: unknown option '--fore'; did you mean '--force'?");
	refuse("--maxsize=3", "try: unknown option '--maxsize'; did you mean '--max-size'?");
	refuse("--xyzzy", "try: unknown option '--xyzzy'; `memtrawl try --help` lists those there are");
	refuse("-x", "try: unknown option '-x'; `memtrawl try --help` lists those there are");
	refuse("-fx", "try: unknown option '-x'; `memtrawl try --help` lists those there are");
	refuse("--force=1", "try: --force takes no argument");
	refuse("--pid", "try: --pid needs an argument: a whole number from 1 to 4194304");
	refuse("-f|-p", "try: -p needs an argument: a whole number from 1 to 4194304");
	refuse("--pid=0", "--pid: '0' is not a whole number from 1 to 4194304");
	refuse("-p4194305", "-p: '4194305' is not a whole number from 1 to 4194304");
	refuse("--pid=", "try: --pid needs an argument: a whole number from 1 to 4194304");
	refuse("--max-size=-1", "--max-size: '-1' is not a size such as 512K or 1.5GiB");
	refuse("--age=1y", "--age: '1y' is not a duration such as 250ms, 30s or 5m");
	refuse("--color=mauve", "--color: 'mauve' is not red, green or blue");
	refuse("--name=", "try: --name needs an argument: a text");
	refuse("--alloc|", "try: --alloc needs an argument: a text");
}

static void environment_is_read(void **state)
{
	char name[64];

	(void)state;
	assert_string_equal(options__variable(&options[3], name, sizeof(name)), "MEMTRAWL_MAX_SIZE");
	setenv("MEMTRAWL_MAX_SIZE", "2K", 1);
	setenv("MEMTRAWL_PID", "99", 1);
	setenv("MEMTRAWL_FORCE", "yes", 1);
	setenv("MEMTRAWL_QUIET", "0", 1);
	setenv("MEMTRAWL_COLOR", "", 1);
	setenv("MEMTRAWL_ALLOC", "e", 1);
	assert_int_equal(parse("-p3"), 0); /* the command line wins */
	assert_int_equal(values.pid, 3);
	assert_int_equal(values.size, 2048);
	assert_true(values.force && !values.quiet);
	assert_int_equal(values.color, 2);
	assert_int_equal(values.allocs.count, 1);
	assert_int_equal(parse("--alloc=c"), 0);
	assert_int_equal(values.allocs.count, 1);
	assert_string_equal(values.allocs.items[0], "c");
	assert_int_equal(values.pid, 99);
	setenv("MEMTRAWL_FORCE", "perhaps", 1);
	refuse("", "MEMTRAWL_FORCE: 'perhaps' is not 1 or 0");
	assert_int_equal(parse("-f"), 0); /* what is overridden need not be right */
	setenv("MEMTRAWL_PID", "x", 1);
	refuse("-f", "MEMTRAWL_PID: 'x' is not a whole number from 1 to 4194304");
	unsetenv("MEMTRAWL_MAX_SIZE");
	unsetenv("MEMTRAWL_PID");
	unsetenv("MEMTRAWL_FORCE");
	unsetenv("MEMTRAWL_QUIET");
	unsetenv("MEMTRAWL_COLOR");
	unsetenv("MEMTRAWL_ALLOC");
}

/* What is printed while `line` is parsed. */
static char *help_for(const char *line, int *code)
{
	FILE *file = tmpfile();
	int saved = dup(STDOUT_FILENO);
	static char text[8192];
	size_t size;

	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	*code = parse(line);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	rewind(file);
	size = fread(text, 1, sizeof(text) - 1, file);
	text[size] = '\0';
	fclose(file);
	return text;
}

static void help_is_printed(void **state)
{
	static const char expected[] = "usage: memtrawl try [OPTION]... [FILE]...\n"
				       "\n"
				       "Tries.\n"
				       "\n"
				       "options, each with its environment variable:\n"
				       "  -f, --force             force it [MEMTRAWL_FORCE]\n"
				       "  -q, --quiet             say less [MEMTRAWL_QUIET]\n"
				       "  -p, --pid PID           the process [MEMTRAWL_PID]\n"
				       "      --max-size SIZE     a size [MEMTRAWL_MAX_SIZE]\n"
				       "  -a, --age AGE           an age [MEMTRAWL_AGE]\n"
				       "      --name TEXT         a name [MEMTRAWL_NAME]\n"
				       "      --color WORD        a colour: red, green or blue [MEMTRAWL_COLOR]\n"
				       "      --alloc SPEC        an allocator (may be repeated) [MEMTRAWL_ALLOC]\n"
				       "      --every[=TIME]      repeat [MEMTRAWL_EVERY]\n"
				       "  -h, --help              show this help\n";
	int code;

	(void)state;
	assert_string_equal(help_for("a|--help|--bad", &code), expected);
	assert_int_equal(code, OPTIONS_HELP);
	assert_string_equal(help_for("-h", &code), expected);
	assert_int_equal(options__status(OPTIONS_HELP, &err), STATUS_OK);
	assert_string_equal(help_for("--|--help", &code), "");
	assert_int_equal(code, 0);
}

static void nearest_word_is_found(void **state)
{
	static const char *const verbs[] = {"doctor", "leaks", "start", "status", "stop", "snapshot",
					    "list",   "show",  "diff",  "rm",     "run"};

	(void)state;
	assert_string_equal(options__nearest("shwo", verbs, ARRAY_SIZE(verbs)), "show");
	assert_string_equal(options__nearest("leak", verbs, ARRAY_SIZE(verbs)), "leaks");
	assert_string_equal(options__nearest("snap", verbs, ARRAY_SIZE(verbs)), "snapshot");
	assert_string_equal(options__nearest("dif", verbs, ARRAY_SIZE(verbs)), "diff");
	assert_string_equal(options__nearest("docter", verbs, ARRAY_SIZE(verbs)), "doctor");
	assert_string_equal(options__nearest("ran", verbs, ARRAY_SIZE(verbs)), "run");
	assert_string_equal(options__nearest("rmu", (const char *const[]){"rum"}, 1), "rum"); /* a swap is one slip */
	assert_null(options__nearest("rmu", (const char *const[]){"run"}, 1));
	assert_null(options__nearest("frobnicate", verbs, ARRAY_SIZE(verbs)));
	assert_null(options__nearest("x", verbs, ARRAY_SIZE(verbs)));
	assert_null(options__nearest("a-word-of-more-than-thirty-two-letters", verbs, ARRAY_SIZE(verbs)));
}

static void every_verb_is_found(void **state)
{
	(void)state;
	assert_non_null(command__find("show"));
	assert_string_equal(command__find("rm")->verb, "rm");
	assert_null(command__find("frobnicate"));
	for (const struct command *command = commands; command->verb; command++) {
		assert_ptr_equal(command__find(command->verb), command);
		assert_non_null(command->summary);
		assert_non_null(command->run);
	}
}

static enum output_format format_of(const char *path, int format, bool json)
{
	const struct output_options output = {.path = path, .format = format, .json = json};
	enum output_format found;

	assert_int_equal(output_options__format(&output, &found, &err), 0);
	return found;
}

static void format_goes_by_option_then_extension(void **state)
{
	const struct output_options both = {.format = FORMAT_CSV, .json = true};
	enum output_format format;

	(void)state;
	assert_int_equal(format_of(NULL, OPTION_NOT_GIVEN, false), FORMAT_TEXT);
	assert_int_equal(format_of("x.json", OPTION_NOT_GIVEN, false), FORMAT_JSON);
	assert_int_equal(format_of("x.csv", OPTION_NOT_GIVEN, false), FORMAT_CSV);
	assert_int_equal(format_of("x.folded", OPTION_NOT_GIVEN, false), FORMAT_FOLDED);
	assert_int_equal(format_of("x.html", OPTION_NOT_GIVEN, false), FORMAT_HTML);
	assert_int_equal(format_of("x.pb.gz", OPTION_NOT_GIVEN, false), FORMAT_PPROF);
	assert_int_equal(format_of("x.pprof", OPTION_NOT_GIVEN, false), FORMAT_PPROF);
	assert_int_equal(format_of("x.txt", OPTION_NOT_GIVEN, false), FORMAT_TEXT);
	assert_int_equal(format_of("json", OPTION_NOT_GIVEN, false), FORMAT_TEXT);
	assert_int_equal(format_of("x.json", FORMAT_CSV, false), FORMAT_CSV);
	assert_int_equal(format_of("x.csv", OPTION_NOT_GIVEN, true), FORMAT_JSON);
	assert_int_equal(format_of(NULL, FORMAT_JSON, true), FORMAT_JSON);
	err = (struct error){0};
	assert_int_equal(output_options__format(&both, &format, &err), -EINVAL);
	assert_string_equal(err.text, "--json and --format csv contradict each other: give one of them");
	assert_int_equal(err.status, STATUS_USAGE);
}

/* The words of --format are in the order of the enum: all that are no table are told by their numbers. */
static void tables_have_formats_of_their_own(void **state)
{
	(void)state;
	for (int format = FORMAT_TEXT; format <= FORMAT_PPROF; format++) {
		const struct output_options output = {.format = format};
		bool fine = format == FORMAT_TEXT || format == FORMAT_JSON || format == FORMAT_CSV;
		enum output_format found;

		err = (struct error){0};
		assert_int_equal(output_options__table_format(&output, "a list", &found, &err), fine ? 0 : -EINVAL);
		assert_string_equal(err.text, fine ? "" : "a list can be written as text, json or csv");
	}
}

static int clean(void **state)
{
	(void)state;
	option_strings__free(&values.allocs);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_set),
		cmocka_unit_test(optional_values_need_an_equals_sign),
		cmocka_unit_test(arguments_are_collected),
		cmocka_unit_test(argument_count_is_checked),
		cmocka_unit_test(mistakes_are_explained),
		cmocka_unit_test(environment_is_read),
		cmocka_unit_test(help_is_printed),
		cmocka_unit_test(nearest_word_is_found),
		cmocka_unit_test(every_verb_is_found),
		cmocka_unit_test(format_goes_by_option_then_extension),
		cmocka_unit_test(tables_have_formats_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, clean);
}
