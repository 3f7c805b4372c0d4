/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a later profile of a session adds to an earlier one. */
#ifndef MEMTRAWL_PROFILE_SINCE_H
#define MEMTRAWL_PROFILE_SINCE_H

#include "profile/profile.h"

/*
 * Makes `after` a profile of the time since `before`, an earlier one of the same process and session: allocations,
 * losses and sizes are those that came in between. Live bytes are to be those of blocks that came in between already;
 * what was freed of the blocks that came in between follows. Peaks stay the session's. Returns 0 or -ENOMEM.
 */
int profile__since(struct profile *after, const struct profile *before);

#endif
