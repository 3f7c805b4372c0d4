/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "profile/since.h"

#include <errno.h>

#include "lib/hash.h"

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static void subtract(struct profile_site *site, const struct profile_site *before)
{
	if (before) {
		site->alloc_bytes = less(site->alloc_bytes, before->alloc_bytes);
		site->alloc_objects = less(site->alloc_objects, before->alloc_objects);
		site->temporary_objects = less(site->temporary_objects, before->temporary_objects);
	}
	site->free_bytes = less(site->alloc_bytes, site->live_bytes);
	site->free_objects = less(site->alloc_objects, site->live_objects);
}

static int subtract_all(struct profile_site *after, size_t after_count, const struct profile_site *before,
			size_t before_count)
{
	struct index_map *by_id = index_map__new();
	int code = by_id ? 0 : -ENOMEM;

	for (size_t i = 0; !code && i < before_count; i++)
		code = index_map__put(by_id, before[i].id, (uint32_t)i);
	for (size_t i = 0; !code && i < after_count; i++) {
		uint32_t index = index_map__get(by_id, after[i].id);

		subtract(&after[i], index == INDEX_MAP_NONE ? NULL : &before[index]);
	}
	index_map__free(by_id);
	return code;
}

int profile__since(struct profile *after, const struct profile *before)
{
	int code = subtract_all(after->sites, after->site_count, before->sites, before->site_count);

	if (!code)
		code = subtract_all(after->mapped, after->mapped_count, before->mapped, before->mapped_count);
	for (int i = 0; i < MT_LOSS_MAX; i++)
		after->loss[i] = less(after->loss[i], before->loss[i]);
	for (int i = 0; i < PROFILE_SIZE_BUCKETS; i++)
		after->size_objects[i] = less(after->size_objects[i], before->size_objects[i]);
	for (int i = 0; i < MT_ACTIVITY_MAX; i++)
		after->activity.kinds[i] = (struct mt_activity_count){
			.calls = less(after->activity.kinds[i].calls, before->activity.kinds[i].calls),
			.bytes = less(after->activity.kinds[i].bytes, before->activity.kinds[i].bytes),
		};
	after->seconds = (double)(after->end_ns - before->end_ns) / 1e9;
	after->start_ns = before->end_ns;
	profile__sum_sites(after);
	profile__sum_mapped(after);
	return code;
}
