/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keeper of a pinned session: a process that holds the budget, follows dlopen, and, when the target has ended,
 * saves a last snapshot and removes the pins. Without it a session goes on, unattended, until the next command.
 */
#ifndef MEMTRAWL_CMD_KEEPER_H
#define MEMTRAWL_CMD_KEEPER_H

#include "cmd/report_options.h"
#include "cmd/tracing_options.h"

/*
 * Starts a keeper in the background, and with it a session on the process. Returns when it is pinned and counting, or
 * -errno with what the keeper said.
 */
int keeper__start(const struct tracing_options *options, pid_t pid, const struct store_options *store,
		  struct error *err);

/* Gives each session that has lost its keeper a new one, and sweeps up what killed commands left. Says nothing. */
void keeper__tend(const struct store_options *store);

#endif
