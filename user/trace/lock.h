/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One session a process. A lock is a file below /run/memtrawl that is held by flock: it goes with its holder, however
 * that ends. A pinned session that lost its keeper is known by its directory of pins instead.
 */
#ifndef MEMTRAWL_TRACE_LOCK_H
#define MEMTRAWL_TRACE_LOCK_H

#include <stdbool.h>

#include "target/process.h"

/* Refuses with -EBUSY, naming the holder: "PID 812 is being traced already, by memtrawl leaks (PID 99)". */
int lock__take(const struct process *process, struct error *err);
/* Does anybody, other than this process, hold the lock of that pid? */
bool lock__is_held(pid_t pid);
/* Releases all that this process has taken. */
void lock__release_all(void);

#endif
