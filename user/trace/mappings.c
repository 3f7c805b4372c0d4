/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/mappings.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/array.h"
#include "target/regions.h"
#include "trace/hash_map.h"

struct walk {
	const struct reader *reader;
	struct region *regions;
	size_t count, capacity;
	struct index_map *by_stack; /* mapped site by stack key */
	struct index_map *by_id;    /* and by its id */
};

/* The site of a stack; stacks that differ only in what was cut off are one. NULL when memory is short. */
static struct profile_site *site_of(struct walk *walk, uint64_t stack)
{
	struct profile *profile = walk->reader->profile;
	uint32_t frames[READER_FRAMES_MAX], index;
	int count = reader__frames(walk->reader, stack, frames, NULL);
	uint64_t id;

	if (count < 0)
		return NULL;
	id = profile__site_id(profile, frames, (uint32_t)count);
	index = index_map__get(walk->by_id, id);
	if (index == INDEX_MAP_NONE) {
		if (!profile__add_mapped(profile, frames, (uint32_t)count))
			return NULL;
		index = (uint32_t)profile->mapped_count - 1;
		if (index_map__put(walk->by_id, id, index))
			return NULL;
	}
	return index_map__put(walk->by_stack, stack, index) ? NULL : &profile->mapped[index];
}

static int see_site(void *context, const void *at_key, const void *at_value)
{
	struct walk *walk = context;
	const struct mt_site_key *key = at_key;
	const struct mt_mapping_site *value = at_value;
	struct profile_site *site;

	if (key->process != walk->reader->id || !value->alloc_count)
		return 0;
	site = site_of(walk, key->stack);
	if (!site)
		return -ENOMEM;
	site->alloc_bytes += value->alloc_bytes;
	site->alloc_objects += value->alloc_count;
	return 0;
}

static int see_region(void *context, const void *at_key, const void *at_value)
{
	struct walk *walk = context;
	const struct mt_region_key *key = at_key;
	const struct mt_region *value = at_value;
	struct region region = {
		.start = key->start,
		.length = value->length,
		.since_ns = value->since_ns,
		.stack = value->stack,
		.gone = value->flags & MT_REGION_GONE,
	};

	if (key->process != walk->reader->id)
		return 0;
	return array__push(walk->regions, walk->count, walk->capacity, region) ? 0 : -ENOMEM;
}

/* What is mapped now has the last word, as long as the process is there and is the program that is asked about. */
static int reconcile(const struct walk *walk)
{
	const struct reader *reader = walk->reader;
	const struct mt_process *now = &reader->session->processes[reader->tracked->slot];
	struct maps maps = {0};
	bool known = !reader->process.until_ns || reader->session->end_ns;
	int code;

	known = known && MT_PROCESS(reader->tracked->slot, now->generation) == reader->id && !reader->tracked->replaced;
	known = known && process__alive(reader->tracked->process) && !maps__read(reader->tracked->process, &maps, NULL);
	code = regions__reconcile(walk->regions, walk->count, known && maps.count ? &maps : NULL);
	maps__free(&maps);
	return code;
}

static void credit(const struct walk *walk, uint64_t since_ns)
{
	struct profile *profile = walk->reader->profile;

	for (size_t i = 0; i < walk->count; i++) {
		const struct region *region = &walk->regions[i];
		uint32_t index = index_map__get(walk->by_stack, region->stack);

		if (!region->live_bytes || region->since_ns < since_ns || index == INDEX_MAP_NONE)
			continue;
		profile->mapped[index].live_bytes += region->live_bytes;
		profile->mapped[index].live_objects++;
	}
}

int mappings__read(const struct reader *reader, const struct read_options *options)
{
	const struct session_maps *maps = &reader->session->maps;
	struct walk walk = {.reader = reader};
	int code;

	if (maps->regions < 0)
		return 0;
	walk.by_stack = index_map__new();
	walk.by_id = index_map__new();
	code = walk.by_stack && walk.by_id ? 0 : -ENOMEM;
	/* regions first: each of them has its site by then */
	if (!code)
		code = hash_map__each(maps->regions, sizeof(struct mt_region_key), sizeof(struct mt_region), see_region,
				      &walk);
	if (!code)
		code = reconcile(&walk);
	if (!code)
		code = hash_map__each(maps->mapping_sites, sizeof(struct mt_site_key), sizeof(struct mt_mapping_site),
				      see_site, &walk);
	if (!code) {
		credit(&walk, options->since_ns);
		reader->profile->mapped_known = true;
		profile__sum_mapped(reader->profile);
	}
	free(walk.regions);
	index_map__free(walk.by_stack);
	index_map__free(walk.by_id);
	return code;
}
