/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `snapshot` of a process that a running watch can be asked for. */
#ifndef MEMTRAWL_CMD_ASK_WATCH_H
#define MEMTRAWL_CMD_ASK_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/error.h"

struct watch_question {
	const char *socket;
	pid_t pid;
	const char *name; /* or NULL */
	bool replace, json;
	uint64_t for_ns;
};

/* Waits for the snapshot, and prints what was saved. Returns 0, or -errno with what watch says. */
int ask_watch__snapshot(const struct watch_question *question, struct error *err);

#endif
