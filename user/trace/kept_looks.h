/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks at the processes of a pinned session for as long as it lasts (profile/looks.h): taken by its keeper, and left
 * in /run/memtrawl/<pid>.looks/ as a profile for each process and program, so that other commands, and the next keeper,
 * have them. Nothing of them stays in memory.
 */
#ifndef MEMTRAWL_TRACE_KEPT_LOOKS_H
#define MEMTRAWL_TRACE_KEPT_LOOKS_H

#include "profile/profile.h"
#include "trace/session.h"

struct kept_looks;

/*
 * Looks from now on, in a thread of its own, at the processes that are alive: a hundred times in the time since tracing
 * began, but not more often than each second, and with no more than a hundredth of a core's time. A look that fails is
 * one that is missing. `pid` is the one that the session is pinned by. NULL when memory or threads are short.
 */
struct kept_looks *kept_looks__begin(struct session *session, pid_t pid);
/* Looks no more; waits for a look that is under way. NULL is fine. */
void kept_looks__end(struct kept_looks *kept);

/*
 * Gives the profile of a process, as the program that it was after so many exec calls, what was kept of that and a look
 * at what the profile is like itself. A profile of which nothing was kept stays as it is. 0 or -ENOMEM.
 */
int kept_looks__give(const struct session *session, const struct tracked *tracked, uint32_t generation,
		     struct profile *profile);

/* Of a session that is gone. */
void kept_looks__remove(pid_t pid);

#endif
