/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs. Each has a file of its own, user/cmd/<verb>.c, and a line in the table of user/cmd/cmd.c. */
#ifndef MEMTRAWL_CMD_CMD_H
#define MEMTRAWL_CMD_CMD_H

#include "lib/error.h"

struct command {
	const char *verb;
	const char *summary; /* one line for the list of verbs */
	/* argv[0] is the verb. Prints its own errors, and returns the exit status. */
	enum status (*run)(int argc, char **argv);
};

/* In the order of the list that `memtrawl --help` prints; the last one has no verb. */
extern const struct command commands[];

/* The command of that name, or NULL. */
const struct command *command__find(const char *verb);

enum status cmd_doctor(int argc, char **argv);
enum status cmd_top(int argc, char **argv);
enum status cmd_leaks(int argc, char **argv);
enum status cmd_baseline(int argc, char **argv);
enum status cmd_reach(int argc, char **argv);
enum status cmd_run(int argc, char **argv);
enum status cmd_start(int argc, char **argv);
enum status cmd_status(int argc, char **argv);
enum status cmd_stop(int argc, char **argv);
enum status cmd_record(int argc, char **argv);
enum status cmd_spikes(int argc, char **argv);
enum status cmd_variance(int argc, char **argv);
enum status cmd_watch(int argc, char **argv);
enum status cmd_hotspots(int argc, char **argv);
enum status cmd_snapshot(int argc, char **argv);
enum status cmd_list(int argc, char **argv);
enum status cmd_show(int argc, char **argv);
enum status cmd_symbolize(int argc, char **argv);
enum status cmd_diff(int argc, char **argv);
enum status cmd_rm(int argc, char **argv);

#endif
