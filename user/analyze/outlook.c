/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/outlook.h"

#include <math.h>

#include "lib/array.h"

static int64_t change(uint64_t before, uint64_t after)
{
	return (int64_t)(after - before);
}

static uint64_t memory_of(const struct profile_look *look)
{
	return look->rss.current_bytes + look->rss.swap_bytes;
}

static bool set_slope(const struct outlook_input *input, struct outlook *outlook)
{
	struct stats_point points[STATS_POINTS_MAX];
	size_t count = 0;

	for (size_t i = input->look_count / 3; i < input->look_count && count < STATS_POINTS_MAX; i++)
		points[count++] = (struct stats_point){
			.x = input->looks[i].seconds / 3600,
			.y = (double)memory_of(&input->looks[i]),
		};
	return stats__theil_sen(points, count, &outlook->per_hour);
}

static void set_limit(const struct profile_limit *limit, struct outlook *outlook)
{
	double room = limit->limit_bytes > limit->used_bytes ? (double)(limit->limit_bytes - limit->used_bytes) : 0;

	outlook->limit_seconds = -1;
	if (outlook->grows && limit->limit_bytes)
		outlook->limit_seconds = room / outlook->per_hour.slope * 3600;
}

static void set_before(const struct outlook_input *input, struct outlook *outlook)
{
	const struct profile_look *first = &input->looks[0], *last = &input->looks[input->look_count - 1];
	double seconds = input->age_seconds - (last->seconds - first->seconds), mean;

	if (!outlook->grows || seconds <= last->seconds)
		return;
	mean = (double)memory_of(first) / seconds * 3600;
	if (mean > outlook->per_hour.slope / 3 && mean < outlook->per_hour.slope * 3)
		outlook->before_per_hour = mean;
}

static enum outlook_pattern pattern_of(const struct outlook *outlook)
{
	const struct {
		enum outlook_pattern pattern;
		int64_t bytes;
	} parts[] = {
		{OUTLOOK_LIVE, outlook->anon_bytes - (int64_t)outlook->beyond_bytes},
		{OUTLOOK_BEYOND, (int64_t)outlook->beyond_bytes},
		{OUTLOOK_FILES, outlook->file_bytes},
		{OUTLOOK_SHARED, outlook->shmem_bytes},
	};
	size_t most = 0;

	if (outlook->growth_bytes < OUTLOOK_LEAST)
		return OUTLOOK_STABLE;
	for (size_t i = 1; i < ARRAY_SIZE(parts); i++)
		if (parts[i].bytes > parts[most].bytes)
			most = i;
	return parts[most].pattern;
}

const char *outlook__pattern_name(enum outlook_pattern pattern)
{
	static const char *const names[] = {"no growth", "live blocks", "beyond live blocks", "files", "shared memory"};

	return names[pattern];
}

double outlook__explained(uint64_t shown_bytes, int64_t growth_bytes)
{
	return growth_bytes < OUTLOOK_LEAST ? -1 : fmin((double)shown_bytes / (double)growth_bytes, 1);
}

struct outlook outlook__of(const struct outlook_input *input)
{
	struct outlook outlook = {.explained = -1, .limit_seconds = -1};
	const struct profile_look *first, *last;

	if (input->look_count < 2)
		return outlook;
	first = &input->looks[0];
	last = &input->looks[input->look_count - 1];
	outlook.known = true;
	outlook.growth_bytes = change(memory_of(first), memory_of(last));
	outlook.anon_bytes =
		change(first->rss.anon_bytes + first->rss.swap_bytes, last->rss.anon_bytes + last->rss.swap_bytes);
	outlook.file_bytes = change(first->rss.file_bytes, last->rss.file_bytes);
	outlook.shmem_bytes = change(first->rss.shmem_bytes, last->rss.shmem_bytes);
	outlook.live_bytes = change(first->heap.live_bytes, last->heap.live_bytes);
	if (outlook.anon_bytes > 0 && outlook.anon_bytes > outlook.live_bytes)
		outlook.beyond_bytes = (uint64_t)(outlook.live_bytes > 0 ? outlook.anon_bytes - outlook.live_bytes
									 : outlook.anon_bytes);
	outlook.grows = set_slope(input, &outlook) && outlook.per_hour.low > 0 && outlook.growth_bytes >= OUTLOOK_LEAST;
	outlook.explained = outlook__explained(input->shown_bytes, outlook.growth_bytes);
	outlook.pattern = pattern_of(&outlook);
	set_limit(input->limit, &outlook);
	set_before(input, &outlook);
	return outlook;
}
