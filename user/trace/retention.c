/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/retention.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "sampling.h"
#include "target/overlap.h"
#include "trace/live.h"
#include "trace/pages.h"

struct walk {
	const struct reader *reader;
	struct block_range *blocks;
	size_t block_count, block_capacity;
	struct page_run *runs, *ours; /* all resident private pages; those that were touched while we looked */
	size_t run_count, run_capacity, our_count, our_capacity;
	bool short_of_memory;
};

static void see_block(void *context, uint64_t address, const struct mt_live *block)
{
	struct walk *walk = context;
	struct block_range range = {.start = address, .size = block->size};

	if (block->process != walk->reader->id)
		return;
	range.owner = index_map__get(walk->reader->by_stack, block->stack);
	if (range.owner == INDEX_MAP_NONE)
		return;
	/* sampled blocks stand for others of their size */
	if (!array__push(walk->blocks, walk->block_count, walk->block_capacity, range))
		walk->short_of_memory = true;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): array__push changes it */
static int extend(struct page_run **runs, size_t *count, size_t *capacity, uint64_t address)
{
	struct page_run run = {.start = address, .limit = address + (1ULL << MT_PAGE_SHIFT)};

	if (*count && (*runs)[*count - 1].limit == address) {
		(*runs)[*count - 1].limit = run.limit;
		return 0;
	}
	return array__push(*runs, *count, *capacity, run) ? 0 : -ENOMEM;
}

static int see_page(void *context, uint64_t address, bool before)
{
	struct walk *walk = context;
	int code = extend(&walk->runs, &walk->run_count, &walk->run_capacity, address);

	return code || before ? code : extend(&walk->ours, &walk->our_count, &walk->our_capacity, address);
}

/* What is resident of the site: its blocks', scaled up as they are where they are a sample. */
static void credit_sites(const struct walk *walk)
{
	struct profile *profile = walk->reader->profile;
	double *tracked = calloc(profile->site_count + 1, sizeof(*tracked));
	double *resident = calloc(profile->site_count + 1, sizeof(*resident));

	for (size_t i = 0; tracked && resident && i < walk->block_count; i++) {
		tracked[walk->blocks[i].owner] += (double)walk->blocks[i].size;
		resident[walk->blocks[i].owner] += (double)walk->blocks[i].resident;
	}
	for (size_t i = 0; tracked && resident && i < profile->site_count; i++) {
		struct profile_site *site = &profile->sites[i];
		double share = tracked[i] > 0 ? resident[i] / tracked[i] : 0;

		site->resident_bytes = profile->sampling.mode == SAMPLING_EXACT
					       ? (uint64_t)resident[i]
					       : (uint64_t)(share * (double)site->live_bytes);
		profile->resident.live_bytes += site->resident_bytes;
	}
	free(tracked);
	free(resident);
}

static bool holds_blocks(const struct walk *walk, const struct mapping *mapping, size_t *next)
{
	while (*next < walk->block_count && walk->blocks[*next].start < mapping->start)
		++*next;
	return *next < walk->block_count && walk->blocks[*next].start < mapping->limit;
}

/* Memory that an allocator has: the program's break, and mappings that live blocks are in. Of it, what is resident. */
static uint64_t allocator_bytes(const struct walk *walk, const struct smaps *smaps)
{
	uint64_t bytes = 0;
	size_t next = 0;

	for (size_t i = 0; i < smaps->count; i++) {
		const struct mapping *mapping = &smaps->maps.mappings[i];
		bool is_break = mapping->path && !strcmp(mapping->path, "[heap]");

		if (mapping->inode || mapping->shared || (!holds_blocks(walk, mapping, &next) && !is_break))
			continue;
		bytes += overlap__in_runs(mapping->start, mapping->limit, walk->ours, walk->our_count);
	}
	return bytes;
}

static void reckon(struct walk *walk, const struct smaps *smaps)
{
	struct profile_resident *resident = &walk->reader->profile->resident;
	uint64_t ours = 0, bytes;

	overlap__resident(walk->blocks, walk->block_count, walk->ours, walk->our_count);
	for (size_t i = 0; i < walk->block_count; i++)
		ours += walk->blocks[i].resident;
	bytes = allocator_bytes(walk, smaps);
	/* estimates do not tell which bytes beside them are live */
	if (walk->reader->profile->sampling.mode == SAMPLING_EXACT)
		resident->retained_bytes = bytes > ours ? bytes - ours : 0;
	overlap__resident(walk->blocks, walk->block_count, walk->runs, walk->run_count);
	credit_sites(walk);
}

int retention__read(const struct reader *reader)
{
	struct walk walk = {.reader = reader};
	struct smaps smaps = {0};
	int code = pages__look(reader, &smaps, see_page, &walk);

	if (!code && reader->profile->resident.known)
		code = live__each(&reader->session->maps, see_block, &walk);
	if (!code && walk.short_of_memory)
		code = -ENOMEM;
	if (!code && reader->profile->resident.known)
		reckon(&walk, &smaps);
	smaps__free(&smaps);
	free(walk.blocks);
	free(walk.runs);
	free(walk.ours);
	return code;
}
