/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/mapping_lists.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/array.h"
#include "trace/map_array.h"
#include "trace/session.h"

/* Lists that no process uses any more are left alone for so long: programs may still be in them. */
enum { GRACE_NS = 1000000000 };

int mapping_lists__open(struct mapping_lists *lists, struct session *session)
{
	*lists = (struct mapping_lists){
		.session = session,
		.mappings = map_array(session->maps.unwind_mappings,
				      MT_UNWIND_MAPPINGS_MAX * sizeof(struct mt_unwind_mapping)),
		.cache = map_array(session->maps.unwind_cache, sizeof(struct mt_unwind_cache)),
	};
	return lists->mappings && lists->cache ? 0 : -ENOMEM;
}

void mapping_lists__close(struct mapping_lists *lists)
{
	if (lists->mappings)
		munmap(lists->mappings, MT_UNWIND_MAPPINGS_MAX * sizeof(*lists->mappings));
	if (lists->cache)
		munmap(lists->cache, sizeof(*lists->cache));
	free(lists->retired);
}

static bool in_grace(const struct retired_list *old, uint64_t now)
{
	return now - old->ns < GRACE_NS;
}

/* ---- places */

static uint32_t end_of(uint64_t packed)
{
	return MT_UNWIND_FIRST(packed) + MT_UNWIND_COUNT(packed);
}

static bool overlaps(uint32_t first, uint32_t count, uint64_t packed)
{
	return first < end_of(packed) && MT_UNWIND_FIRST(packed) < first + count;
}

/* The end of the first list in use, or still in its time of grace, that [first, first + count) overlaps; 0: none. */
static uint32_t occupied_until(const struct mapping_lists *lists, uint32_t first, uint32_t count, uint64_t now)
{
	for (uint32_t slot = 0; slot < MT_SLOTS_MAX; slot++) {
		uint64_t packed = lists->session->processes[slot].mappings;

		if (packed && overlaps(first, count, packed))
			return end_of(packed);
	}
	for (size_t i = 0; i < lists->retired_count; i++) {
		const struct retired_list *old = &lists->retired[i];

		if (in_grace(old, now) && overlaps(first, count, old->packed))
			return end_of(old->packed);
	}
	return 0;
}

static int find_room(const struct mapping_lists *lists, uint32_t count, uint64_t now, uint32_t *first)
{
	uint32_t until;

	for (*first = 0; *first + count <= MT_UNWIND_MAPPINGS_MAX; *first = until) {
		until = occupied_until(lists, *first, count, now);
		if (!until)
			return 0;
	}
	return -ENOSPC;
}

/* ---- numbers */

/*
 * What is cached goes by the list's number: all of it goes before any number is given again. A program may still be in
 * a list that was retired just now, and put back what it found: such a number is passed over until the next time.
 */
static void empty_cache(struct mapping_lists *lists, uint64_t now)
{
	for (size_t i = 0; i < ARRAY_SIZE(lists->cache->word); i++)
		__atomic_store_n(&lists->cache->word[i], 0, __ATOMIC_RELAXED);
	for (size_t i = 0; i < lists->retired_count; i++)
		lists->retired[i].barred = in_grace(&lists->retired[i], now);
}

static bool is_taken(const struct mapping_lists *lists, uint32_t number, uint64_t now)
{
	for (uint32_t slot = 0; slot < MT_SLOTS_MAX; slot++)
		if (MT_UNWIND_LIST(lists->session->processes[slot].mappings) == number)
			return true;
	for (size_t i = 0; i < lists->retired_count; i++) {
		const struct retired_list *old = &lists->retired[i];

		if ((old->barred || in_grace(old, now)) && MT_UNWIND_LIST(old->packed) == number)
			return true;
	}
	return false;
}

static uint32_t next_number(struct mapping_lists *lists, uint64_t now)
{
	uint32_t *last = &lists->session->shared->unwind_lists;

	do {
		if (*last >= MT_UNWIND_LISTS_MAX) {
			empty_cache(lists, now);
			*last = 0;
		}
		++*last;
	} while (is_taken(lists, *last, now));
	return *last;
}

/* ---- lists */

static int retire(struct mapping_lists *lists, uint64_t packed, uint64_t now)
{
	struct retired_list old = {.packed = packed, .ns = now};
	size_t kept = 0;

	for (size_t i = 0; i < lists->retired_count; i++)
		if (lists->retired[i].barred || in_grace(&lists->retired[i], now))
			lists->retired[kept++] = lists->retired[i];
	lists->retired_count = kept;
	if (!packed)
		return 0;
	return array__push(lists->retired, lists->retired_count, lists->retired_capacity, old) ? 0 : -ENOMEM;
}

static bool is_same(const struct mapping_lists *lists, uint64_t packed, const struct mt_unwind_mapping *list,
		    uint32_t count)
{
	return packed && MT_UNWIND_COUNT(packed) == count &&
	       !memcmp(&lists->mappings[MT_UNWIND_FIRST(packed)], list, count * sizeof(*list));
}

int mapping_lists__publish(struct mapping_lists *lists, uint32_t slot, const struct mt_unwind_mapping *list,
			   uint32_t count, uint64_t now_ns)
{
	struct mt_process *process = &lists->session->processes[slot];
	uint64_t before = process->mappings, packed;
	uint32_t first;
	int code;

	if (is_same(lists, before, list, count))
		return 0;
	code = find_room(lists, count, now_ns, &first);
	if (code)
		return code;
	memcpy(&lists->mappings[first], list, count * sizeof(*list));
	packed = MT_UNWIND_MAPPINGS(next_number(lists, now_ns), first, count);
	__atomic_store_n(&process->mappings, packed, __ATOMIC_RELEASE);
	return retire(lists, before, now_ns);
}
