/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/options.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/array.h"
#include "lib/units.h"

#define NAME_MAX_LENGTH 48
#define OPTIONS_MAX     64 /* of a verb, all groups together */

void option_strings__free(struct option_strings *strings)
{
	free(strings->items);
	*strings = (struct option_strings){0};
}

struct parser {
	const struct usage *usage;
	const struct option_group *groups;
	size_t group_count;
	bool given[OPTIONS_MAX]; /* on the command line, by number */
	struct error *err;
};

/* An option and where it goes. `number` counts through all groups. */
struct target {
	const struct option *option;
	void *value;
	unsigned int number;
};

/* The option number `wanted` of all groups; false beyond the last. */
static bool option_at(const struct parser *parser, unsigned int wanted, struct target *target)
{
	unsigned int number = wanted;

	for (size_t g = 0; g < parser->group_count; g++) {
		const struct option_group *group = &parser->groups[g];

		if (number < group->count) {
			target->option = &group->options[number];
			target->value = (char *)group->values + target->option->offset;
			target->number = wanted;
			return true;
		}
		number -= (unsigned int)group->count;
	}
	return false;
}

static bool find_long(const struct parser *parser, const char *name, size_t length, struct target *target)
{
	for (unsigned int i = 0; option_at(parser, i, target); i++)
		if (strlen(target->option->name) == length && !strncmp(target->option->name, name, length))
			return true;
	return false;
}

static bool find_letter(const struct parser *parser, char letter, struct target *target)
{
	for (unsigned int i = 0; option_at(parser, i, target); i++)
		if (target->option->letter == letter)
			return true;
	return false;
}

char *options__variable(const struct option *option, char *name, size_t size)
{
	snprintf(name, size, "MEMTRAWL_%s", option->name);
	for (char *c = name; *c; c++)
		*c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
	return name;
}

/* ---- values */

static int store_flag(const char *text, bool *flag)
{
	static const char *const yes[] = {"1", "true", "yes"}, *const no[] = {"0", "false", "no"};

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (!strcasecmp(text, yes[i]) || !strcasecmp(text, no[i])) {
			*flag = !strcasecmp(text, yes[i]);
			return 0;
		}
	}
	return -EINVAL;
}

static int store_choice(const struct option *option, const char *text, int *choice)
{
	for (int i = 0; option->choices[i]; i++) {
		if (!strcmp(option->choices[i], text)) {
			*choice = i;
			return 0;
		}
	}
	return -EINVAL;
}

static int store_value(const struct target *target, const char *text)
{
	const struct option *option = target->option;
	struct option_strings *strings = target->value;

	switch (option->type) {
	case OPTION_FLAG:
		return store_flag(text, target->value);
	case OPTION_SIZE:
		return units__parse_size(text, target->value);
	case OPTION_DURATION:
		return units__parse_duration(text, target->value);
	case OPTION_COUNT:
		return units__parse_count(text, option->min, option->max, target->value);
	case OPTION_CHOICE:
		return store_choice(option, text, target->value);
	case OPTION_STRING:
		*(const char **)target->value = text;
		return 0;
	case OPTION_STRINGS:
		return array__push(strings->items, strings->count, strings->capacity, text) ? 0 : -ENOMEM;
	}
	return -EINVAL;
}

/* "line, function or file" */
static void describe_choices(const struct option *option, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (int i = 0; option->choices[i] && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s",
					 i == 0 ? "" : (option->choices[i + 1] ? ", " : " or "), option->choices[i]);
}

/* What the option would take, in words. */
static const char *describe_value(const struct option *option, char *text, size_t size)
{
	switch (option->type) {
	case OPTION_FLAG:
		return "1 or 0";
	case OPTION_SIZE:
		return "a size such as 512K or 1.5GiB";
	case OPTION_DURATION:
		return "a duration such as 250ms, 30s or 5m";
	case OPTION_COUNT:
		if (option->max == UINT64_MAX)
			snprintf(text, size, "a whole number from %llu on", (unsigned long long)option->min);
		else
			snprintf(text, size, "a whole number from %llu to %llu", (unsigned long long)option->min,
				 (unsigned long long)option->max);
		return text;
	case OPTION_CHOICE:
		describe_choices(option, text, size);
		return text;
	case OPTION_STRING:
	case OPTION_STRINGS:
		break;
	}
	return "a text";
}

static int no_argument(const struct parser *parser, const struct option *option, const char *from)
{
	char wanted[256];

	return error__usage(parser->err, "%s: %s needs an argument: %s", parser->usage->verb, from,
			    describe_value(option, wanted, sizeof(wanted)));
}

/* `from` is what the person wrote: "--top-n", "-n", "MEMTRAWL_TOP_N". */
static int set_value(struct parser *parser, const struct target *target, const char *from, const char *text)
{
	char wanted[256];
	int code;

	if (!*text)
		return no_argument(parser, target->option, from);
	code = store_value(target, text);
	if (!code)
		return 0;
	if (code == -ENOMEM)
		return error__set(parser->err, code, "out of memory");
	return error__usage(parser->err, "%s: '%s' is not %s", from, text,
			    describe_value(target->option, wanted, sizeof(wanted)));
}

static int set_given(struct parser *parser, const struct target *target, const char *from, const char *text)
{
	parser->given[target->number] = true;
	return set_value(parser, target, from, text);
}

static void set_flag(struct parser *parser, const struct target *target)
{
	parser->given[target->number] = true;
	*(bool *)target->value = true;
}

/* ---- the command line */

static int unknown_option(const struct parser *parser, const char *text)
{
	const char *candidates[64], *nearest;
	size_t count = 0;
	struct target target;
	char name[NAME_MAX_LENGTH];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(text + 2, "="), text + 2);
	for (unsigned int i = 0; count < ARRAY_SIZE(candidates) && option_at(parser, i, &target); i++)
		candidates[count++] = target.option->name;
	nearest = options__nearest(name, candidates, count);
	if (nearest)
		return error__usage(parser->err, "%s: unknown option '--%s'; did you mean '--%s'?", parser->usage->verb,
				    name, nearest);
	return error__usage(parser->err, "%s: unknown option '--%s'; `memtrawl %s --help` lists those there are",
			    parser->usage->verb, name, parser->usage->verb);
}

/* argv[*i] is "--name" or "--name=value". Steps *i over the value where it is an argument of its own. */
static int parse_long(struct parser *parser, int argc, char **argv, int *i)
{
	const char *text = argv[*i], *name = text + 2, *equals = strchr(name, '=');
	size_t length = equals ? (size_t)(equals - name) : strlen(name);
	char from[NAME_MAX_LENGTH];
	struct target target;

	if (!find_long(parser, name, length, &target))
		return unknown_option(parser, text);
	snprintf(from, sizeof(from), "--%s", target.option->name);
	if (target.option->type == OPTION_FLAG && equals)
		return error__usage(parser->err, "%s: %s takes no argument", parser->usage->verb, from);
	if (target.option->type == OPTION_FLAG) {
		set_flag(parser, &target);
		return 0;
	}
	if (equals)
		return set_given(parser, &target, from, equals + 1);
	if (target.option->optional)
		return set_given(parser, &target, from, target.option->optional);
	if (*i + 1 >= argc)
		return no_argument(parser, target.option, from);
	return set_given(parser, &target, from, argv[++*i]);
}

/* argv[*i] is "-p", "-p1", or several flags in one, "-ab". */
static int parse_letters(struct parser *parser, int argc, char **argv, int *i)
{
	struct target target;

	for (const char *c = argv[*i] + 1; *c; c++) {
		const char from[] = {'-', *c, '\0'};

		if (!find_letter(parser, *c, &target))
			return error__usage(parser->err,
					    "%s: unknown option '-%c'; `memtrawl %s --help` lists those there are",
					    parser->usage->verb, *c, parser->usage->verb);
		if (target.option->type != OPTION_FLAG) {
			if (c[1])
				return set_given(parser, &target, from, c + 1);
			if (*i + 1 >= argc)
				return no_argument(parser, target.option, from);
			return set_given(parser, &target, from, argv[++*i]);
		}
		set_flag(parser, &target);
	}
	return 0;
}

/* Positional arguments are moved to the front of argv, from argv[1] on. *count is their number. */
static int parse_arguments(struct parser *parser, int argc, char **argv, int *count)
{
	bool only_arguments = false;
	int code;

	*count = 0;
	for (int i = 1; i < argc; i++) {
		const char *text = argv[i];

		if (only_arguments || text[0] != '-' || !text[1]) {
			argv[++*count] = argv[i];
			only_arguments |= parser->usage->stop_at_argument;
			continue;
		}
		if (!strcmp(text, "--")) {
			only_arguments = true;
			continue;
		}
		if (!strcmp(text, "--help") || !strcmp(text, "-h"))
			return OPTIONS_HELP;
		code = text[1] == '-' ? parse_long(parser, argc, argv, &i) : parse_letters(parser, argc, argv, &i);
		if (code)
			return code;
	}
	argv[*count + 1] = NULL;
	return 0;
}

static int read_environment(struct parser *parser)
{
	char name[NAME_MAX_LENGTH];
	struct target target;
	int code;

	for (unsigned int i = 0; option_at(parser, i, &target); i++) {
		const char *text = getenv(options__variable(target.option, name, sizeof(name)));

		if (!text || !*text || parser->given[i])
			continue;
		code = set_value(parser, &target, name, text);
		if (code)
			return code;
	}
	return 0;
}

static int check_argument_count(const struct parser *parser, int count, char **items)
{
	const struct usage *usage = parser->usage;

	if (count < usage->min_arguments)
		return error__usage(parser->err, "%s: too few arguments: memtrawl %s %s", usage->verb, usage->verb,
				    usage->arguments);
	if (usage->max_arguments >= 0 && count > usage->max_arguments)
		return error__usage(parser->err, "%s: unexpected argument '%s': memtrawl %s %s", usage->verb,
				    items[usage->max_arguments], usage->verb, usage->arguments ? usage->arguments : "");
	return 0;
}

/* ---- help */

static void print_option(const struct option *option)
{
	char left[160], choices[128], variable[NAME_MAX_LENGTH];
	size_t used;

	used = (size_t)snprintf(left, sizeof(left), option->letter ? "-%c, --%s" : "%c   --%s",
				option->letter ? option->letter : ' ', option->name);
	if (option->argument) {
		snprintf(left + used, sizeof(left) - used, option->optional ? "[=%s]" : " %s", option->argument);
	} else if (option->type == OPTION_CHOICE) {
		describe_choices(option, choices, sizeof(choices));
		snprintf(left + used, sizeof(left) - used, " WORD");
	}
	printf("  %-24s", left);
	if (strlen(left) > 23)
		printf("\n  %-24s", "");
	for (const char *c = option->help; *c; c++)
		if (*c == '\n')
			printf("\n  %-24s", "");
		else
			putchar(*c);
	if (option->type == OPTION_CHOICE)
		printf(": %s", choices);
	if (option->type == OPTION_STRINGS)
		printf(" (may be repeated)");
	printf(" [%s]\n", options__variable(option, variable, sizeof(variable)));
}

static void print_help(const struct parser *parser)
{
	const struct usage *usage = parser->usage;
	struct target target;

	printf("usage: memtrawl %s [OPTION]...%s%s\n\n%s\n", usage->verb, usage->arguments ? " " : "",
	       usage->arguments ? usage->arguments : "", usage->text);
	printf("options, each with its environment variable:\n");
	for (unsigned int i = 0; option_at(parser, i, &target); i++)
		print_option(target.option);
	printf("  %-24sshow this help\n", "-h, --help");
}

int options__parse(const struct usage *usage, const struct option_group *groups, size_t group_count, int argc,
		   char **argv, struct arguments *arguments, struct error *err)
{
	struct parser parser = {.usage = usage, .groups = groups, .group_count = group_count, .err = err};
	int count, code;
	size_t total = 0;

	for (size_t g = 0; g < group_count; g++)
		total += groups[g].count;
	assert(total <= OPTIONS_MAX);
	code = parse_arguments(&parser, argc, argv, &count);
	if (code == OPTIONS_HELP)
		print_help(&parser);
	if (!code)
		code = check_argument_count(&parser, count, argv + 1);
	if (!code)
		code = read_environment(&parser);
	*arguments = (struct arguments){.count = code ? 0 : count, .items = argv + 1};
	return code;
}

enum status options__status(int code, const struct error *err)
{
	return code == OPTIONS_HELP ? STATUS_OK : error__report(err);
}
