/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memtrawl: finds out where the memory of a running process goes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "cmd/cmd.h"
#include "cmd/keeper.h"
#include "cmd/options.h"
#include "lib/array.h"

static void print_help(FILE *to)
{
	fputs("usage: memtrawl VERB [OPTION]... [ARGUMENT]...\n\n"
	      "Finds out where the memory of a running process goes, without restarting or changing it.\n\nverbs:\n",
	      to);
	for (const struct command *command = commands; command->verb; command++)
		fprintf(to, "  %-10s %s\n", command->verb, command->summary);
	fputs("\n`memtrawl VERB --help` explains a verb, `memtrawl --version` prints the version.\n", to);
}

static enum status unknown_verb(const char *verb)
{
	const char *candidates[64], *nearest;
	struct error err = {0};
	size_t count = 0;

	for (const struct command *command = commands; command->verb && count < ARRAY_SIZE(candidates); command++)
		candidates[count++] = command->verb;
	nearest = options__nearest(verb, candidates, count);
	if (nearest)
		error__usage(&err, "unknown verb '%s'; did you mean '%s'?", verb, nearest);
	else
		error__usage(&err, "unknown verb '%s'; `memtrawl --help` lists those there are", verb);
	return error__report(&err);
}

/* memtrawl help [VERB] */
static enum status help(int argc, char **argv)
{
	char option[] = "--help", *help_argv[] = {NULL, option, NULL};
	const struct command *command;

	if (argc < 2) {
		print_help(stdout);
		return STATUS_OK;
	}
	command = command__find(argv[1]);
	if (!command)
		return unknown_verb(argv[1]);
	help_argv[0] = argv[1];
	return command->run(2, help_argv);
}

static enum status run_verb(int argc, char **argv)
{
	const struct command *command;

	if (!strcmp(argv[0], "--help") || !strcmp(argv[0], "-h") || !strcmp(argv[0], "help"))
		return help(argc, argv);
	if (!strcmp(argv[0], "--version") || !strcmp(argv[0], "-V")) {
		printf("memtrawl %s\n", MEMTRAWL_VERSION);
		return STATUS_OK;
	}
	if (argv[0][0] == '-') {
		struct error err = {0};

		error__usage(&err, "unknown option '%s': a verb comes first; `memtrawl --help` lists them", argv[0]);
		return error__report(&err);
	}
	command = command__find(argv[0]);
	return command ? command->run(argc, argv) : unknown_verb(argv[0]);
}

/* Sessions whose keeper was killed get a new one from the next command of any kind, and after it has had its say. */
static void tend_sessions(void)
{
	struct store_options store = STORE_OPTIONS_DEFAULT;
	const char *directory = getenv("MEMTRAWL_STORE");

	if (directory && *directory)
		store.directory = directory;
	fflush(stdout);
	keeper__tend(&store);
}

int main(int argc, char **argv)
{
	enum status status;

	if (argc < 2) {
		print_help(stderr);
		return STATUS_USAGE;
	}
	prctl(PR_SET_NAME, "memtrawl"); /* watch runs it as /proc/self/exe, which the kernel calls exe */
	status = run_verb(argc - 1, argv + 1);
	tend_sessions();
	if (fflush(stdout) || ferror(stdout)) { /* a full disk behind a redirection is not success */
		struct error err = {0};

		error__set(&err, -1, "cannot write to standard output; is the disk full, or the reader gone?");
		if (status == STATUS_OK)
			status = error__report(&err);
	}
	return status;
}
