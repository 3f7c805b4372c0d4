/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starts a command so that nothing of it is missed: it is held (by ptrace, as a debugger would) whenever its dynamic
 * loader has mapped code, until the program's first instruction, so that probes can be placed before any of it runs.
 * From there on it is on its own. This is for commands of ours only; processes that were there are never held.
 */
#ifndef MEMTRAWL_TARGET_LAUNCH_H
#define MEMTRAWL_TARGET_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/error.h"

struct launch;

/*
 * Forks a child that waits, stopped, before it becomes argv (NULL-terminated). Returns 0 or -errno; *launch is freed by
 * launch__free(), which kills a child that never ran. With `goes_on` the command gets SIGCONT when the calling thread
 * ends, however it does: for who may have it stopped.
 */
int launch__prepare(char **argv, bool goes_on, struct launch **launch, struct error *err);
pid_t launch__pid(const struct launch *launch);

/* For who does not care for code: it is held once, after exec and before its first instruction, the loader's included.
 */
void launch__leave_loader_alone(struct launch *launch);

/*
 * Lets the child become the command, and its loader run. `on_code` is called, with the child held, after exec and each
 * time that it has mapped a file executable. Returns 0 when the program is on its own; 1 when it ended before that,
 * with its wait status in *status; -errno of a failed exec (-ENOENT, -EACCES ...).
 */
int launch__run(struct launch *launch, void (*on_code)(void *cookie), void *cookie, int *status, struct error *err);

void launch__free(struct launch *launch);

#endif
