/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/ages.h"

#include "sampling.h"
#include "trace/live.h"

struct walk {
	const struct read_options *options;
	const struct index_map *by_stack;
	struct profile *profile;
	uint32_t id;
	uint64_t from_ns, now_ns; /* the window */
};

static void see(void *context, uint64_t address, const struct mt_live *block)
{
	const struct walk *walk = context;
	uint64_t born_ns = (uint64_t)block->born << MT_BORN_SHIFT;
	uint64_t age_ns = walk->now_ns > born_ns ? walk->now_ns - born_ns : 0;
	struct profile_site *site;
	uint32_t index;

	(void)address;
	if (block->process != walk->id)
		return;
	index = index_map__get(walk->by_stack, block->stack);
	if (index == INDEX_MAP_NONE)
		return;
	site = &walk->profile->sites[index];
	if (walk->options->since_ns) {
		if (born_ns < walk->options->since_ns)
			return;
		site->live_bytes += mt_sampling_bytes(block->size, block->chance);
		site->live_objects += block->objects;
	}
	if ((double)age_ns / 1e9 > site->oldest_age_seconds)
		site->oldest_age_seconds = (double)age_ns / 1e9;
	profile_site__add_birth(site, walk->from_ns, walk->now_ns, born_ns,
				mt_sampling_bytes(block->size, block->chance));
	if (walk->options->older_ns && age_ns >= walk->options->older_ns)
		site->older_bytes += mt_sampling_bytes(block->size, block->chance);
}

int ages__read(const struct session_maps *maps, const struct mt_process *process, uint32_t id,
	       const struct read_options *options, const struct index_map *by_stack, struct profile *profile)
{
	struct walk walk = {.options = options, .by_stack = by_stack, .profile = profile, .id = id};

	walk.now_ns = process->until_ns ? process->until_ns : monotonic_ns();
	walk.from_ns = options->since_ns ? options->since_ns : process->since_ns;
	for (size_t i = 0; options->since_ns && i < profile->site_count; i++)
		profile->sites[i].live_bytes = profile->sites[i].live_objects = 0;
	profile->older_seconds = (double)options->older_ns / 1e9;
	return live__each(maps, see, &walk);
}
