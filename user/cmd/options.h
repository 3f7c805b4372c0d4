/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command-line options from declarative tables. A verb lists its own options and includes the groups that it shares
 * with others; each table describes the members of one struct, which the verb sets to its defaults first:
 *
 *	struct { uint64_t pid; bool force; } own = {0};
 *	struct report_options report = REPORT_OPTIONS_DEFAULT;
 *	const struct option_group groups[] = {{own_options, ARRAY_SIZE(own_options), &own}, REPORT_GROUP(&report)};
 *	struct arguments arguments;
 *	struct error err = {0};
 *	int code = options__parse(&usage, groups, ARRAY_SIZE(groups), argc, argv, &arguments, &err);
 *
 *	if (code)
 *		return options__status(code, &err);
 *
 * Every option that has a long name may be given in the environment too: --top-n is MEMTRAWL_TOP_N. The command line
 * wins; an empty variable counts as unset.
 */
#ifndef MEMTRAWL_CMD_OPTIONS_H
#define MEMTRAWL_CMD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

/* What an option's text is parsed as, and the type of the member it is stored in. */
enum option_type {
	OPTION_FLAG,     /* bool; no argument. In the environment: 1, true, yes, 0, false, no */
	OPTION_SIZE,     /* uint64_t, bytes */
	OPTION_DURATION, /* uint64_t, nanoseconds */
	OPTION_COUNT,    /* uint64_t, within [min, max] */
	OPTION_STRING,   /* const char *, not empty */
	OPTION_CHOICE,   /* int, index in `choices` */
	OPTION_STRINGS,  /* struct option_strings; may be given several times */
};

/* Texts are those of argv and the environment; the array belongs to whoever parsed: option_strings__free(). */
struct option_strings {
	const char **items;
	size_t count, capacity;
};

void option_strings__free(struct option_strings *strings);

struct option {
	const char *name; /* long name, without dashes */
	char letter;      /* short name, or 0 */
	enum option_type type;
	size_t offset;        /* of the member, in the group's struct */
	const char *optional; /* the argument may be left out, and is this then: --name[=VALUE]; no short name then */
	const char *argument; /* its name in the help; NULL for flags, and for choices (they are listed) */
	const char *help;     /* one line or several, without a full stop at the end */
	uint64_t min, max;    /* COUNT */
	const char *const *choices; /* CHOICE: ends with NULL */
};

struct option_group {
	const struct option *options;
	size_t count;
	void *values; /* the struct whose members are set */
};

/* What `memtrawl VERB --help` says beside the options. */
struct usage {
	const char *verb;
	const char *arguments;            /* "-p PID [NAME]"; may be NULL */
	const char *text;                 /* what the verb does: whole lines, each ended by \n */
	int min_arguments, max_arguments; /* positional ones; max < 0: any number */
	bool stop_at_argument; /* options end at the first positional argument: what follows is another command's */
};

struct arguments {
	int count;
	char **items; /* in argv, NULL-terminated as argv is */
};

#define OPTIONS_HELP 1 /* help was asked for and printed */

/*
 * Sets the members whose options are given, and collects the positional arguments (argv is reordered for that).
 * argv[0] is the verb. Returns 0, OPTIONS_HELP, or -EINVAL with a usage error that says what would be right.
 */
int options__parse(const struct usage *usage, const struct option_group *groups, size_t group_count, int argc,
		   char **argv, struct arguments *arguments, struct error *err);

/* The exit status for what options__parse() returned, if not 0; prints the error. */
enum status options__status(int code, const struct error *err);

/* Fills `name` with the option's environment variable. Returns `name`. */
char *options__variable(const struct option *option, char *name, size_t size);

/* The candidate that `word` was most likely meant to be, or NULL if none is near. */
const char *options__nearest(const char *word, const char *const *candidates, size_t count);

#endif
