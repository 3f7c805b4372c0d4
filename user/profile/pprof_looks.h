/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The looks of a profile (profile/looks.h) as a message of pprof.proto that is not of pprof. */
#ifndef MEMTRAWL_PROFILE_PPROF_LOOKS_H
#define MEMTRAWL_PROFILE_PPROF_LOOKS_H

#include "profile/pprof.pb-c.h"
#include "profile/profile.h"

struct pprof_looks {
	Perftools__Profiles__Looks message;
	void *sites, *pointers, *numbers; /* what it consists of */
};

/* Makes the message, which points to `profile`'s memory and its own. -ENOMEM; pprof_looks__free() in any case. */
int pprof_looks__write(const struct profile *profile, struct pprof_looks *looks);
void pprof_looks__free(struct pprof_looks *looks);

/*
 * Gives the profile, whose sites are there already in the order of the file's samples, the looks of the message.
 * -EINVAL if they do not fit: nobody who looks at a profile's looks need check them.
 */
int pprof_looks__read(const Perftools__Profiles__Looks *message, struct profile *profile);

#endif
