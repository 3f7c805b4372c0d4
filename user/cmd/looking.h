/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks at the processes of a session while it goes on, for what their sites hold in the course of time. */
#ifndef MEMTRAWL_CMD_LOOKING_H
#define MEMTRAWL_CMD_LOOKING_H

#include "profile/profile.h"
#include "trace/session.h"

struct looking;

/*
 * Begins with a look. `window_ns` is how long it is going to be looked, or 0 if nobody knows: there will be some fifty
 * looks in it, or in whatever time has passed, but no more than one core has 5 % of its time for. NULL when memory is
 * short. `session` must outlive it.
 */
struct looking *looking__new(const struct session *session, uint64_t window_ns);
void looking__free(struct looking *looking);

/* Looks, if it is time. `now` is of CLOCK_MONOTONIC. A look that fails is one that is missing. */
void looking__look(struct looking *looking, uint64_t now);

/* The last look, at what has ended, too. */
void looking__end(struct looking *looking);

/* Gives the profile of a process all looks at it, with times that begin with the first. 0 or -ENOMEM. */
int looking__give(const struct looking *looking, const struct tracked *tracked, struct profile *profile);

#endif
