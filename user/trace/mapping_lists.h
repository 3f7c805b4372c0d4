/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which code is where in each process, as the programs read it while they walk stacks: lists in map `unwind_mappings`
 * (bpf/unwind.h). A list is never changed: a process gets another one, in one write, and the place of the old one is
 * left alone while programs may still be in it.
 */
#ifndef MEMTRAWL_TRACE_MAPPING_LISTS_H
#define MEMTRAWL_TRACE_MAPPING_LISTS_H

#include <stddef.h>
#include <stdint.h>

#include "unwind.h"

struct session;

/* A list that no process has any more. */
struct retired_list {
	uint64_t packed; /* MT_UNWIND_MAPPINGS */
	uint64_t ns;     /* since when, CLOCK_MONOTONIC */
	bool barred;     /* its number is passed over until the cache is emptied again */
};

struct mapping_lists {
	struct session *session;
	struct mt_unwind_mapping *mappings; /* the maps, mapped */
	struct mt_unwind_cache *cache;
	struct retired_list *retired;
	size_t retired_count, retired_capacity;
};

/* Maps the session's maps. Returns 0 or -ENOMEM. To be closed either way. */
int mapping_lists__open(struct mapping_lists *lists, struct session *session);
void mapping_lists__close(struct mapping_lists *lists);

/*
 * Makes this the list of the process in the slot; where it has the same already, nothing is done. `now_ns` is
 * CLOCK_MONOTONIC. Returns 0, -ENOMEM, or -ENOSPC where there is no room: the process keeps what it had then.
 */
int mapping_lists__publish(struct mapping_lists *lists, uint32_t slot, const struct mt_unwind_mapping *list,
			   uint32_t count, uint64_t now_ns);

#endif
