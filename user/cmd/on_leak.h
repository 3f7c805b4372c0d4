/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --on-leak: a command that is run for a finding. */
#ifndef MEMTRAWL_CMD_ON_LEAK_H
#define MEMTRAWL_CMD_ON_LEAK_H

#include "lib/error.h"

enum { ON_LEAK_SECONDS = 30 };

/*
 * Runs `command`, by /bin/sh, with the finding as its standard input, and waits for its end: for at most
 * ON_LEAK_SECONDS, then it is killed with all that it started. One that fails is warned of. 0, or -errno with err if it
 * could not be started.
 */
int on_leak__run(const char *command, const char *finding, struct error *err);

#endif
