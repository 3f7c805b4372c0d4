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

struct kept_looks {
	const struct session *session;
	uint64_t next_ns; /* CLOCK_MONOTONIC; 0: at once */
};

/*
 * Looks at the processes that are alive, if it is time: a hundred times in the time since tracing began, but not more
 * often than each second, and with no more than a hundredth of a core's time. A look that fails is one that is missing.
 */
void kept_looks__look(struct kept_looks *kept, uint64_t now);

/*
 * Gives the profile of a process, as the program that it was after so many exec calls, what was kept of that and a look
 * at what the profile is like itself. A profile of which nothing was kept stays as it is. 0 or -ENOMEM.
 */
int kept_looks__give(const struct session *session, const struct tracked *tracked, uint32_t generation,
		     struct profile *profile);

/* Of a session that is gone. */
void kept_looks__remove(pid_t pid);

#endif
