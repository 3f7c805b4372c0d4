/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/group.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/hash.h"

void counts__add(struct report_counts *to, const struct report_counts *from)
{
	if (!from->stacks)
		return;
	to->live_bytes += from->live_bytes;
	to->live_objects += from->live_objects;
	to->alloc_bytes += from->alloc_bytes;
	to->alloc_objects += from->alloc_objects;
	to->free_bytes += from->free_bytes;
	to->free_objects += from->free_objects;
	to->peak_bytes += from->peak_bytes;
	to->temporary_objects += from->temporary_objects;
	to->resident_bytes += from->resident_bytes;
	to->swapped_bytes += from->swapped_bytes;
	to->older_bytes += from->older_bytes;
	for (int i = 0; i < PROFILE_BIRTHS; i++)
		to->births[i] += from->births[i];
	for (int i = 0; i < REACH_CLASSES; i++)
		profile_blocks__add(&to->reach[i], &from->reach[i]);
	profile_blocks__add(&to->behind, &from->behind);
	to->live_bytes_stderr = hypot(to->live_bytes_stderr, from->live_bytes_stderr);
	to->oldest_age_seconds =
		to->stacks ? fmax(to->oldest_age_seconds, from->oldest_age_seconds) : from->oldest_age_seconds;
	to->stacks += from->stacks;
}

struct report_counts counts__of_site(const struct profile_site *site)
{
	struct report_counts counts;

	if (!site)
		return (struct report_counts){.oldest_age_seconds = -1};
	counts = (struct report_counts){
		.live_bytes = site->live_bytes,
		.live_objects = site->live_objects,
		.alloc_bytes = site->alloc_bytes,
		.alloc_objects = site->alloc_objects,
		.free_bytes = site->free_bytes,
		.free_objects = site->free_objects,
		.peak_bytes = site->peak_bytes,
		.temporary_objects = site->temporary_objects,
		.resident_bytes = site->resident_bytes,
		.swapped_bytes = site->swapped_bytes,
		.older_bytes = site->older_bytes,
		.live_bytes_stderr = site->live_bytes_stderr,
		.oldest_age_seconds = site->oldest_age_seconds,
		.behind = site->behind,
		.stacks = 1,
	};
	memcpy(counts.births, site->births, sizeof(counts.births));
	memcpy(counts.reach, site->reach, sizeof(counts.reach));
	return counts;
}

void group__free(struct group *group)
{
	free(group->rows);
	free(group->points);
	free(group->suppressed);
	*group = (struct group){0};
}

/*
 * What a row of that kind stands for: those of the frame's members that make it what it is, the others empty. Where
 * the name that is asked for is not known, the next coarser one stands in: an address for a line or a function, the
 * object for a source file.
 */
static struct report_frame key_of(const struct report_frame *owner, enum report_group by)
{
	struct report_frame key = {0};

	if (!owner)
		return key;
	switch (by) {
	case GROUP_LINE:
	case GROUP_STACK:
		if (!owner->function || !owner->line)
			break;
		key.function = owner->function;
		key.file = owner->file;
		key.line = owner->line;
		key.source = owner->source;
		return key;
	case GROUP_FUNCTION:
		if (!owner->function)
			break;
		key.function = owner->function;
		return key;
	case GROUP_FILE:
		key.file = owner->file;
		if (!key.file)
			key.object = owner->object;
		if (!key.file && !key.object)
			key.function = owner->function; /* a note */
		return key;
	case GROUP_OBJECT:
		key.object = owner->object;
		key.build_id = owner->build_id;
		if (!key.object)
			key.function = owner->has_offset ? NULL : owner->function;
		return key;
	}
	key = *owner;
	key.inlined = false;
	if (key.function && by == GROUP_LINE) /* a function without lines is one place */
		key.has_offset = false;
	return key;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	return text ? fnv64_string(hash, text) : fnv64(hash, "\xff", 1);
}

static uint64_t hash_key(const struct report_frame *key, enum report_group by)
{
	uint64_t hash = fnv64_u64(FNV64_BASIS, by);

	hash = hash_text(hash, key->function);
	hash = hash_text(hash, key->file);
	hash = fnv64_u64(hash, key->line);
	hash = hash_text(hash, key->build_id ? key->build_id : key->object);
	return fnv64_u64(hash, key->has_offset ? key->offset : UINT64_MAX);
}

/* The row of that id, which is made if there is none yet; NULL when memory is short. */
static struct report_row *row_of(struct group *group, struct index_map *by_id, uint64_t id)
{
	uint32_t i = index_map__get(by_id, id);
	const struct report_row row = {
		.id = id,
		.counts.oldest_age_seconds = -1,
		.before.oldest_age_seconds = -1,
	};

	if (i != INDEX_MAP_NONE)
		return &group->rows[i];
	if (index_map__put(by_id, id, (uint32_t)group->count) ||
	    !array__push(group->rows, group->count, group->capacity, row))
		return NULL;
	return &group->rows[group->count - 1];
}

static bool wanted(const struct diff_site *site, const struct report_request *request,
		   const struct report_frame *frames, size_t frame_count)
{
	const struct profile_site *shown = site->after ? site->after : site->before;

	if (request->filter && !frames__match(frames, frame_count, request->filter))
		return false;
	return !(request->older_seconds > 0) || shown->oldest_age_seconds >= request->older_seconds;
}

static int name_row(struct report_row *row, const struct report_frame *key, const struct report_frame *frames,
		    size_t frame_count, struct frame_list *list)
{
	if (row->frames)
		return 0;
	row->frames = key ? frame_list__add(list, key) : frames;
	row->frame_count = key ? 1 : frame_count;
	return row->frames ? 0 : -ENOMEM;
}

/* There is a place for every site, of which there are not fewer than rows. */
static void add_points(const struct profile *profile, const struct profile_site *site, const struct group *group,
		       const struct report_row *row)
{
	struct profile_point *points = group->points + (size_t)(row - group->rows) * profile->look_count;

	for (size_t i = 0; site && site->points && i < profile->look_count; i++) {
		points[i].live_bytes += site->points[i].live_bytes;
		points[i].live_objects += site->points[i].live_objects;
		points[i].alloc_bytes += site->points[i].alloc_bytes;
		points[i].alloc_objects += site->points[i].alloc_objects;
	}
}

/* Is it left out because its leaks are known? */
static bool suppressed(const struct diff_site *site, const struct report_request *request, const struct group *group,
		       const struct report_frame *frames, size_t frame_count)
{
	size_t i = suppressions__find(request->suppressions, frames, frame_count);

	if (i == SUPPRESSIONS_NONE)
		return false;
	group->suppressed[i].stacks++;
	group->suppressed[i].live_bytes += site->after ? site->after->live_bytes : 0;
	group->suppressed[i].live_objects += site->after ? site->after->live_objects : 0;
	if (site->after)
		group->suppressed[i].lost_bytes += site->after->reach[REACH_DEFINITE].bytes + site->after->behind.bytes;
	return true;
}

static int add_site(const struct diff *diff, const struct diff_site *site, const struct report_request *request,
		    struct frame_list *list, struct index_map *by_id, struct group *group)
{
	const struct report_counts counts = counts__of_site(site->after), before = counts__of_site(site->before);
	const struct report_frame *frames;
	struct report_frame key;
	struct report_row *row;
	bool by_stack = request->group == GROUP_STACK;
	size_t frame_count;

	frames = frame_list__add_site(list, site->after ? diff->after : diff->before,
				      site->after ? site->after : site->before, &frame_count);
	if (!frames)
		return -ENOMEM;
	if (!wanted(site, request, frames, frame_count) || suppressed(site, request, group, frames, frame_count)) {
		counts__add(&group->dropped, &counts);
		counts__add(&group->dropped_before, &before);
		return 0;
	}
	key = key_of(frames__owner(frames, frame_count), request->group);
	row = row_of(group, by_id, by_stack ? site->id : hash_key(&key, request->group));
	if (!row || name_row(row, by_stack ? NULL : &key, frames, frame_count, list))
		return -ENOMEM;
	counts__add(&row->counts, &counts);
	counts__add(&row->before, &before);
	add_points(diff->after, site->after, group, row);
	return 0;
}

static int name_suppressions(const struct suppressions *suppressions, struct group *group)
{
	size_t count = suppressions__count(suppressions);

	group->suppressed = calloc(count + 1, sizeof(*group->suppressed));
	for (size_t i = 0; group->suppressed && i < count; i++)
		group->suppressed[i].pattern = suppressions__pattern(suppressions, i);
	return group->suppressed ? 0 : -ENOMEM;
}

int group__add_up(const struct diff *diff, const struct report_request *request, struct frame_list *frames,
		  struct group *group)
{
	struct index_map *by_id = index_map__new();
	int err = by_id ? 0 : -ENOMEM;

	*group = (struct group){
		.dropped.oldest_age_seconds = -1,
		.dropped_before.oldest_age_seconds = -1,
	};
	group->points = calloc(diff->count * diff->after->look_count + 1, sizeof(*group->points));
	if (!group->points)
		err = -ENOMEM;
	if (!err)
		err = name_suppressions(request->suppressions, group);
	for (size_t i = 0; !err && i < diff->count; i++)
		err = add_site(diff, &diff->sites[i], request, frames, by_id, group);
	index_map__free(by_id);
	return err;
}
