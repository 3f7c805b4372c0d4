/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watch/watched.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void free_watched(struct watched *watched)
{
	free(watched->cgroup);
	free(watched->last_path);
}

void watched_table__free(struct watched_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free_watched(&table->items[i]);
	free(table->items);
	memset(table, 0, sizeof(*table));
}

struct watched *watched_table__find(const struct watched_table *table, pid_t pid, uint64_t start_ns)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct watched *watched = &table->items[middle];

		if (watched->pid == pid)
			return !start_ns || watched->start_ns == start_ns ? watched : NULL;
		if (watched->pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static void add_figure(struct watched_figure *figure, double value, bool first)
{
	if (first || value < figure->min)
		figure->min = value;
	if (first || value > figure->max)
		figure->max = value;
	figure->sum += value;
}

static struct policy_sight sight_of(const struct census_row *row, uint64_t growth_ns)
{
	const struct history *history = row->history;
	struct policy_sight sight = {
		.ns = row->sample.ns,
		.rss_bytes = row->figures.rss_bytes,
		.limit_bytes = row->limit.group == CENSUS_LIMIT_UNKNOWN ? 0 : row->limit.limit_bytes,
		.used_bytes = row->limit.group == CENSUS_LIMIT_UNKNOWN ? 0 : row->limit.used_bytes,
	};

	if (history && history->count && sight.ns - history->points[0].ns >= growth_ns)
		sight.growth_known = history__growth(history, sight.ns - growth_ns, &sight.growth_per_hour);
	return sight;
}

static void take(struct watched *watched, const struct census_row *row, uint64_t growth_ns)
{
	memcpy(watched->comm, row->sample.comm, sizeof(watched->comm));
	watched->sight = sight_of(row, growth_ns);
	add_figure(&watched->rss_bytes, (double)row->figures.rss_bytes, !watched->samples);
	if (row->figures.rates_known)
		add_figure(&watched->cpu_percent, row->figures.cpu_percent, watched->samples <= 1);
	watched->samples++;
	if (watched->image != row->sample.image)
		watched->alarm_bytes = 0;
	watched->image = row->sample.image;
}

static struct watched begin(const struct census *census, const struct census_row *row)
{
	struct watched watched = {.pid = row->sample.pid, .start_ns = row->sample.start_ns, .since_ns = row->sample.ns};
	int group = row->sample.group;

	if (group >= 0 && (size_t)group < census->group_count) /* without it where memory is short */
		watched.cgroup = strdup(census->groups[group].cgroup.path);
	return watched;
}

/*
 * Who is the heaviest under each limit: groups by their index, the machine before them. Those that are not watched do
 * not count.
 */
static void mark_heaviest(struct watched *items, const int *groups, size_t count, struct watched **heaviest)
{
	for (size_t i = 0; i < count; i++) {
		struct watched **best = &heaviest[groups[i] - CENSUS_LIMIT_MACHINE];

		if (!items[i].sight.limit_bytes)
			continue;
		if (!*best || items[i].sight.rss_bytes > (*best)->sight.rss_bytes)
			*best = &items[i];
	}
	for (size_t i = 0; i < count; i++)
		items[i].sight.heaviest =
			items[i].sight.limit_bytes && heaviest[groups[i] - CENSUS_LIMIT_MACHINE] == &items[i];
}

static bool is_ours(const struct census_row *row, pid_t self)
{
	return row->sample.pid == self || row->sample.parent == self;
}

int watched_table__update(struct watched_table *table, const struct census *census, pid_t self, uint64_t growth_ns)
{
	struct watched *items = calloc(census->count + 1, sizeof(*items));
	struct watched **heaviest = calloc(census->group_count + 1, sizeof(struct watched *));
	int *groups = calloc(census->count + 1, sizeof(*groups));
	int code = items && heaviest && groups ? 0 : -ENOMEM;
	size_t count = 0;

	for (size_t i = 0; !code && i < census->count; i++) {
		const struct census_row *row = &census->rows[i];
		struct watched *old;

		if (!row->sample.wanted || is_ours(row, self))
			continue;
		old = watched_table__find(table, row->sample.pid, row->sample.start_ns);
		items[count] = old ? *old : begin(census, row);
		if (old)
			old->cgroup = old->last_path = NULL; /* they have moved */
		take(&items[count], row, growth_ns);
		groups[count++] = row->limit.group == CENSUS_LIMIT_UNKNOWN ? CENSUS_LIMIT_MACHINE : row->limit.group;
	}
	if (!code) {
		mark_heaviest(items, groups, count, heaviest);
		watched_table__free(table);
		table->items = items;
		table->count = count;
		items = NULL;
	}
	free(items);
	free(heaviest);
	free(groups);
	return code;
}
