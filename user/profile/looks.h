/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks at one process in the course of a window: profiles of which only the counts are kept, site by site, and of
 * those a bounded number. When there is no room for another look, one of those in between goes: the one whose going
 * leaves the smallest gap by its age, so that they thin out towards the past and the first and the newest always stay.
 */
#ifndef MEMTRAWL_PROFILE_LOOKS_H
#define MEMTRAWL_PROFILE_LOOKS_H

#include "profile/profile.h"

enum {
	LOOKS_MAX = 64,
	LOOKS_SITES_MAX = 1 << 15, /* 64 MiB of points; sites that come later have none */
};

struct looks;

struct looks *looks__new(void); /* NULL when memory is short */
void looks__free(struct looks *looks);

/*
 * Takes in what the process is like, so many seconds after the window's start. 0; 0 without that look, if it is not
 * later than the one before; or -ENOMEM without it.
 */
int looks__add(struct looks *looks, const struct profile *profile, double seconds);

/*
 * Begins with those that a profile was given, as far as they are from before so many seconds after the window's start.
 * 0, or -ENOMEM with nothing or with some of them.
 */
int looks__take(struct looks *looks, const struct profile *profile, double seconds);

/*
 * Gives the profile all looks, and its sites their points in them. 0, or -ENOMEM with a profile that has none.
 */
int looks__give(const struct looks *looks, struct profile *profile);

#endif
