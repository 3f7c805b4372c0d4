/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "profile/looks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/hash.h"

/* The points of a site, one for each look: none of its own before it was there. */
struct row {
	struct profile_point points[LOOKS_MAX];
};

struct looks {
	struct profile_look at[LOOKS_MAX];
	size_t count;
	struct index_map *by_id; /* a site's id to its row */
	struct row *rows;
	size_t row_count, row_capacity;
};

struct looks *looks__new(void)
{
	struct looks *looks = calloc(1, sizeof(*looks));

	if (!looks)
		return NULL;
	looks->by_id = index_map__new();
	if (!looks->by_id) {
		free(looks);
		return NULL;
	}
	return looks;
}

void looks__free(struct looks *looks)
{
	if (!looks)
		return;
	index_map__free(looks->by_id);
	free(looks->rows);
	free(looks);
}

/* ---- thinning */

/* The gap that there is without that look, by how long ago it was: an older one may be larger. */
static double gap_without(const struct looks *looks, size_t i)
{
	double last = looks->at[looks->count - 1].seconds;

	return (looks->at[i + 1].seconds - looks->at[i - 1].seconds) / (last - looks->at[i].seconds);
}

static void drop(struct looks *looks, size_t gone)
{
	size_t after = looks->count - gone - 1;

	memmove(&looks->at[gone], &looks->at[gone + 1], after * sizeof(looks->at[0]));
	for (size_t i = 0; i < looks->row_count; i++) {
		struct profile_point *points = looks->rows[i].points;

		memmove(&points[gone], &points[gone + 1], after * sizeof(points[0]));
	}
	looks->count--;
}

static void make_room(struct looks *looks)
{
	size_t least = 1;

	if (looks->count < LOOKS_MAX)
		return;
	for (size_t i = 2; i + 1 < looks->count; i++)
		if (gap_without(looks, i) < gap_without(looks, least))
			least = i;
	drop(looks, least);
}

/* ---- adding */

static struct profile_point point_of(const struct profile_site *site)
{
	return (struct profile_point){
		.live_bytes = site->live_bytes,
		.live_objects = site->live_objects,
		.alloc_bytes = site->alloc_bytes,
		.alloc_objects = site->alloc_objects,
	};
}

/* A site that was not there at a look before had nothing then. */
static int find_row(struct looks *looks, uint64_t id, uint32_t *index)
{
	*index = index_map__get(looks->by_id, id);
	if (*index != INDEX_MAP_NONE || looks->row_count == LOOKS_SITES_MAX)
		return 0;
	if (!array__push(looks->rows, looks->row_count, looks->row_capacity, (struct row){0}))
		return -ENOMEM;
	*index = (uint32_t)looks->row_count - 1;
	if (!index_map__put(looks->by_id, id, *index))
		return 0;
	looks->row_count--;
	return -ENOMEM;
}

static struct profile_look look_of(const struct profile *profile, double seconds)
{
	return (struct profile_look){
		.seconds = seconds,
		.rss = profile->rss,
		.heap = {.live_bytes = profile->totals.live_bytes,
			 .live_objects = profile->totals.live_objects,
			 .alloc_bytes = profile->totals.alloc_bytes,
			 .alloc_objects = profile->totals.alloc_objects},
		.unmatched_frees = profile->loss[MT_LOSS_FREE_UNMATCHED],
		.obtained_bytes = profile__obtained(&profile->activity),
		.released_bytes = profile__released(&profile->activity),
	};
}

int looks__add(struct looks *looks, const struct profile *profile, double seconds)
{
	uint32_t index;

	if (looks->count && seconds <= looks->at[looks->count - 1].seconds)
		return 0;
	make_room(looks);
	for (size_t i = 0; i < looks->row_count; i++)
		looks->rows[i].points[looks->count] = (struct profile_point){0};
	for (size_t i = 0; i < profile->site_count; i++) {
		if (find_row(looks, profile->sites[i].id, &index))
			return -ENOMEM;
		if (index != INDEX_MAP_NONE)
			looks->rows[index].points[looks->count] = point_of(&profile->sites[i]);
	}
	looks->at[looks->count++] = look_of(profile, seconds);
	return 0;
}

int looks__take(struct looks *looks, const struct profile *profile, double seconds)
{
	size_t count = 0;
	uint32_t index;

	for (; count < profile->look_count && count < LOOKS_MAX && profile->looks[count].seconds < seconds; count++)
		looks->at[count] = profile->looks[count];
	looks->count = count;
	for (size_t i = 0; i < profile->site_count; i++) {
		const struct profile_site *site = &profile->sites[i];

		if (!site->points)
			continue;
		if (find_row(looks, site->id, &index))
			return -ENOMEM;
		if (index != INDEX_MAP_NONE)
			memcpy(looks->rows[index].points, site->points, count * sizeof(*site->points));
	}
	return 0;
}

/* ---- giving */

static void give_points(const struct looks *looks, struct profile_site *site, struct profile_point *points)
{
	uint32_t index = index_map__get(looks->by_id, site->id);

	if (index == INDEX_MAP_NONE)
		return;
	site->points = points;
	memcpy(points, looks->rows[index].points, looks->count * sizeof(*points));
}

int looks__give(const struct looks *looks, struct profile *profile)
{
	struct profile_look *at = calloc(looks->count, sizeof(*at));
	struct profile_point *points = calloc(profile->site_count * looks->count + 1, sizeof(*points));

	if (!looks->count || !at || !points) {
		free(at);
		free(points);
		return looks->count ? -ENOMEM : 0;
	}
	memcpy(at, looks->at, looks->count * sizeof(*at));
	free(profile->looks);
	free(profile->points);
	profile->looks = at;
	profile->look_count = looks->count;
	profile->points = points;
	for (size_t i = 0; i < profile->site_count; i++)
		give_points(looks, &profile->sites[i], points + i * looks->count);
	return 0;
}
