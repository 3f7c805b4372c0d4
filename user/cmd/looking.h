/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks at the processes of a session while it goes on, for what their sites hold in the course of time. They are taken
 * by a thread of their own: new code must have its unwind tables at once, and a look at many sites takes a while.
 */
#ifndef MEMTRAWL_CMD_LOOKING_H
#define MEMTRAWL_CMD_LOOKING_H

#include "profile/profile.h"
#include "trace/session.h"

struct looking;

/*
 * Begins with a look. `window_ns` is how long it is going to be looked, or 0 if nobody knows: there will be some fifty
 * looks in it, or in whatever time has passed, but no more than one core has 5 % of its time for. A look that fails is
 * one that is missing. NULL when memory or threads are short. `session` must outlive it.
 */
struct looking *looking__new(struct session *session, uint64_t window_ns);
void looking__free(struct looking *looking);

/* Looks no more but for the last time; waits for a look that is under way. */
void looking__pause(struct looking *looking);
/* The last look, at what has ended, too. */
void looking__end(struct looking *looking);

/* After the end: gives the profile of a process all looks at it, with times that begin with the first. 0 or -ENOMEM. */
int looking__give(const struct looking *looking, const struct tracked *tracked, struct profile *profile);

#endif
