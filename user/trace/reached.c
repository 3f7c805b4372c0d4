/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/reached.h"

#include <stdlib.h>

#include "sampling.h"

static void add(struct profile_blocks *to, const struct mt_live *live)
{
	to->bytes += mt_sampling_bytes(live->size, live->chance);
	to->objects += live->objects;
}

static struct profile_site *site_of(const struct reader *reader, const struct block *block)
{
	uint32_t index = index_map__get(reader->by_stack, block->live.stack);

	return index == INDEX_MAP_NONE ? NULL : &reader->profile->sites[index];
}

static void add_block(const struct reader *reader, const struct reached *reached, size_t i)
{
	const struct block *block = &reached->blocks.blocks[i];
	struct profile_site *site = site_of(reader, block), *leader;

	if (site)
		add(&site->reach[reached->classes[i]], &block->live);
	if (reached->classes[i] != REACH_INDIRECT)
		return;
	leader = site_of(reader, &reached->blocks.blocks[reached->leaders[i]]);
	if (leader)
		add(&leader->behind, &block->live);
}

void reached__read(const struct reader *reader, const struct reached *reached)
{
	struct profile_reach *facts = &reader->profile->reach;

	*facts = reached->facts;
	facts->known = true;
	for (size_t i = 0; i < reached->blocks.count; i++) {
		if (reached->gone[i])
			add(&facts->gone, &reached->blocks.blocks[i].live);
		else
			add_block(reader, reached, i);
	}
}

void reached__free(struct reached *reached)
{
	blocks__free(&reached->blocks);
	free(reached->classes);
	free(reached->leaders);
	free(reached->gone);
	*reached = (struct reached){0};
}
