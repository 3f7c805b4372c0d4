/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sites of a profile: their names across hosts, and the joining of equal ones. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/hash.h"
#include "profile/profile.h"

/* A note, or code of a profile that has names only (others write such): every function's name. */
static uint64_t hash_names(const struct profile *profile, const struct profile_location *location, uint64_t hash)
{
	for (uint32_t i = 0; i < location->line_count; i++) {
		uint32_t function = location->lines[i].function;

		if (function != PROFILE_NONE)
			hash = fnv64_string(hash, profile__text(profile, profile->functions[function].name, ""));
	}
	return hash;
}

static uint64_t hash_frame(const struct profile *profile, const struct profile_location *location, uint64_t hash)
{
	const struct profile_mapping *mapping;

	if (profile__is_note(location))
		return hash_names(profile, location, hash);
	if (location->mapping != PROFILE_NONE) {
		mapping = &profile->mappings[location->mapping];
		hash = fnv64_string(
			hash, profile__text(profile, mapping->build_id, profile__text(profile, mapping->filename, "")));
	}
	return fnv64_u64(hash, location->offset);
}

uint64_t profile__site_id(const struct profile *profile, const uint32_t *frames, uint32_t frame_count)
{
	uint64_t hash = FNV64_BASIS;

	for (uint32_t i = 0; i < frame_count; i++)
		hash = hash_frame(profile, &profile->locations[frames[i]], hash);
	return hash;
}

/* One of the profile's lists of sites. */
struct list {
	struct profile_site **sites;
	size_t *count, *capacity;
};

/* Appends a site with a copy of the frames. NULL when memory is short. */
static struct profile_site *add(const struct profile *profile, struct list list, const uint32_t *frames,
				uint32_t frame_count)
{
	struct profile_site site = {.frame_count = frame_count, .oldest_age_seconds = -1};

	if (frame_count) {
		site.frames = calloc(frame_count, sizeof(*frames));
		if (!site.frames)
			return NULL;
		memcpy(site.frames, frames, frame_count * sizeof(*frames));
	}
	site.id = profile__site_id(profile, frames, frame_count);
	if (!array__push(*list.sites, *list.count, *list.capacity, site)) {
		free(site.frames);
		return NULL;
	}
	return *list.sites + *list.count - 1;
}

struct profile_site *profile__add_site(struct profile *profile, const uint32_t *frames, uint32_t frame_count)
{
	struct list list = {&profile->sites, &profile->site_count, &profile->site_capacity};

	return add(profile, list, frames, frame_count);
}

struct profile_site *profile__add_known_site(struct profile *profile, uint64_t id)
{
	struct profile_site *site = profile__add_site(profile, NULL, 0);

	if (site)
		site->id = id;
	return site;
}

struct profile_site *profile__add_mapped(struct profile *profile, const uint32_t *frames, uint32_t frame_count)
{
	struct list list = {&profile->mapped, &profile->mapped_count, &profile->mapped_capacity};

	return add(profile, list, frames, frame_count);
}

void profile_site__add_birth(struct profile_site *site, uint64_t start, uint64_t end, uint64_t born, uint64_t bytes)
{
	double part = end > start && born > start ? (double)(born - start) / (double)(end - start) : 0;
	int birth = part < 1 ? (int)(part * PROFILE_BIRTHS) : PROFILE_BIRTHS - 1;

	site->births[birth] += bytes;
}

void profile_blocks__add(struct profile_blocks *to, const struct profile_blocks *from)
{
	to->bytes += from->bytes;
	to->objects += from->objects;
}

/* Independent estimates: their variances add up. */
static void join_sites(struct profile_site *into, const struct profile_site *from)
{
	into->alloc_bytes += from->alloc_bytes;
	into->alloc_objects += from->alloc_objects;
	into->free_bytes += from->free_bytes;
	into->free_objects += from->free_objects;
	into->live_bytes += from->live_bytes;
	into->live_objects += from->live_objects;
	into->peak_bytes += from->peak_bytes;
	into->live_bytes_stderr = hypot(into->live_bytes_stderr, from->live_bytes_stderr);
	into->temporary_objects += from->temporary_objects;
	into->swapped_bytes += from->swapped_bytes;
	into->resident_bytes += from->resident_bytes;
	into->older_bytes += from->older_bytes;
	into->oldest_age_seconds = fmax(into->oldest_age_seconds, from->oldest_age_seconds);
	for (int i = 0; i < PROFILE_BIRTHS; i++)
		into->births[i] += from->births[i];
	for (int i = 0; i < REACH_CLASSES; i++)
		profile_blocks__add(&into->reach[i], &from->reach[i]);
	profile_blocks__add(&into->behind, &from->behind);
}

int profile__merge_sites(struct profile *profile)
{
	struct index_map *by_id = index_map__new();
	uint32_t *target = calloc(profile->site_count + 1, sizeof(*target));
	uint32_t kept = 0;
	int err = -ENOMEM;

	if (!by_id || !target)
		goto out;
	/* first find out who joins whom: nothing is changed when memory runs short on the way */
	for (size_t i = 0; i < profile->site_count; i++) {
		target[i] = index_map__get(by_id, profile->sites[i].id);
		if (target[i] != INDEX_MAP_NONE)
			continue;
		target[i] = kept++;
		if (index_map__put(by_id, profile->sites[i].id, target[i]))
			goto out;
	}
	kept = 0;
	for (size_t i = 0; i < profile->site_count; i++) {
		if (target[i] == kept) {
			profile->sites[kept++] = profile->sites[i];
			continue;
		}
		join_sites(&profile->sites[target[i]], &profile->sites[i]);
		free(profile->sites[i].frames);
	}
	profile->site_count = kept;
	err = 0;
out:
	index_map__free(by_id);
	free(target);
	return err;
}

static void add_to(struct profile_totals *sum, const struct profile_site *site)
{
	sum->live_bytes += site->live_bytes;
	sum->live_objects += site->live_objects;
	sum->alloc_bytes += site->alloc_bytes;
	sum->alloc_objects += site->alloc_objects;
	sum->free_bytes += site->free_bytes;
	sum->free_objects += site->free_objects;
	sum->temporary_objects += site->temporary_objects;
}

void profile__sum_sites(struct profile *profile)
{
	struct profile_totals *totals = &profile->totals;
	struct profile_totals sum = {.peak_live_bytes = totals->peak_live_bytes, .peak_time_ns = totals->peak_time_ns};

	for (size_t i = 0; i < profile->site_count; i++)
		add_to(&sum, &profile->sites[i]);
	*totals = sum;
}

static uint64_t rest(uint64_t allocated, uint64_t live)
{
	return allocated > live ? allocated - live : 0;
}

void profile__sum_mapped(struct profile *profile)
{
	profile->mapped_totals = (struct profile_totals){0};
	for (size_t i = 0; i < profile->mapped_count; i++) {
		struct profile_site *site = &profile->mapped[i];

		site->free_bytes = rest(site->alloc_bytes, site->live_bytes);
		site->free_objects = rest(site->alloc_objects, site->live_objects);
		add_to(&profile->mapped_totals, site);
	}
}
