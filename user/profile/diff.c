/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "profile/diff.h"

#include <math.h>
#include <stdlib.h>

#include "lib/array.h"
#include "lib/hash.h"

/* Sites of `before` by id; of two with the same id the first one counts, and the second stands alone. */
static struct index_map *index_sites(const struct profile *profile)
{
	struct index_map *map = index_map__new();

	for (size_t i = 0; map && profile && i < profile->site_count; i++) {
		if (index_map__get(map, profile->sites[i].id) != INDEX_MAP_NONE)
			continue;
		if (index_map__put(map, profile->sites[i].id, (uint32_t)i)) {
			index_map__free(map);
			return NULL;
		}
	}
	return map;
}

static bool add_site(struct diff *diff, const struct profile_site *before, const struct profile_site *after)
{
	const struct diff_site site = {.id = after ? after->id : before->id, .before = before, .after = after};

	return array__push(diff->sites, diff->count, diff->capacity, site);
}

static bool match(struct diff *diff, const struct index_map *by_id, bool *matched)
{
	for (size_t i = 0; i < diff->after->site_count; i++) {
		const struct profile_site *after = &diff->after->sites[i], *before = NULL;
		uint32_t b = index_map__get(by_id, after->id);

		if (b != INDEX_MAP_NONE && !matched[b]) {
			before = &diff->before->sites[b];
			matched[b] = true;
		}
		if (!add_site(diff, before, after))
			return false;
	}
	for (size_t i = 0; diff->before && i < diff->before->site_count; i++)
		if (!matched[i] && !add_site(diff, &diff->before->sites[i], NULL))
			return false;
	return true;
}

struct diff *diff__new(const struct profile *before, const struct profile *after)
{
	struct diff *diff = calloc(1, sizeof(*diff));
	struct index_map *by_id = index_sites(before);
	bool *matched = calloc((before ? before->site_count : 0) + 1, sizeof(*matched));
	bool done = false;

	if (diff && by_id && matched) {
		diff->before = before;
		diff->after = after;
		done = match(diff, by_id, matched);
	}
	index_map__free(by_id);
	free(matched);
	if (!done) {
		diff__free(diff);
		return NULL;
	}
	return diff;
}

void diff__free(struct diff *diff)
{
	if (!diff)
		return;
	free(diff->sites);
	free(diff);
}

struct change change__of(uint64_t before, uint64_t after)
{
	struct change change = {.absolute = (int64_t)after - (int64_t)before};

	if (before)
		change.relative = (double)change.absolute / (double)before;
	else
		change.relative = after ? INFINITY : 0;
	return change;
}

struct site_change diff__site_change(const struct diff_site *site)
{
	static const struct profile_site none;
	const struct profile_site *before = site->before ? site->before : &none;
	const struct profile_site *after = site->after ? site->after : &none;

	return (struct site_change){
		.live_bytes = change__of(before->live_bytes, after->live_bytes),
		.live_objects = change__of(before->live_objects, after->live_objects),
		.alloc_bytes = change__of(before->alloc_bytes, after->alloc_bytes),
		.alloc_objects = change__of(before->alloc_objects, after->alloc_objects),
	};
}
