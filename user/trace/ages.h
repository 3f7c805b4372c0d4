/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How old live blocks are: the one reading that costs in proportion to their number. */
#ifndef MEMTRAWL_TRACE_AGES_H
#define MEMTRAWL_TRACE_AGES_H

#include <stdint.h>

#include "lib/hash.h"
#include "profile/profile.h"
#include "trace/read.h"

/*
 * Walks the live table and sets oldest_age_seconds, older_bytes and births of the sites of process `id`. `by_stack`
 * gives the index of a site in the profile by its stack key. Ages are good to 17 ms (MT_BORN_SHIFT). Returns 0 or
 * -errno.
 */
int ages__read(const struct session_maps *maps, const struct mt_process *process, uint32_t id,
	       const struct read_options *options, const struct index_map *by_stack, struct profile *profile);

#endif
