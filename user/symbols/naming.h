/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts the names of a name_set into a profile, which has each function once. */
#ifndef MEMTRAWL_SYMBOLS_NAMING_H
#define MEMTRAWL_SYMBOLS_NAMING_H

#include "profile/profile.h"
#include "symbols/name_set.h"

struct naming {
	struct profile *profile;
	struct index_map *functions; /* of the profile, by hash */
};

/* Returns 0 or -ENOMEM; freed by naming__free() in any case. */
int naming__begin(struct naming *naming, struct profile *profile);
void naming__free(struct naming *naming);

/* Gives a location the lines that the set has for a place, if it has any. Returns 0 or -ENOMEM. */
int naming__name(struct naming *naming, uint32_t location, const struct name_set *set, uint64_t place);

#endif
