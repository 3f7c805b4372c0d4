/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/census.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- processes */

static int compare_samples(const void *a, const void *b)
{
	const struct census_sample *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static int compare_pid(const void *key, const void *row)
{
	pid_t wanted = *(const pid_t *)key, pid = ((const struct census_row *)row)->sample.pid;

	return (wanted > pid) - (wanted < pid);
}

const struct census_row *census__find_pid(const struct census *census, pid_t pid)
{
	if (!census->count)
		return NULL;
	return bsearch(&pid, census->rows, census->count, sizeof(*census->rows), compare_pid);
}

const struct census_row *census__find(const struct census *census, pid_t pid, uint64_t start_ns)
{
	const struct census_row *row = census__find_pid(census, pid);

	return row && row->sample.start_ns == start_ns ? row : NULL;
}

/* Counts of a process with more threads than are looked at may go down. */
static double rate(uint64_t before, uint64_t now, uint64_t ns)
{
	return now > before ? (double)(now - before) * 1e9 / (double)ns : 0;
}

static uint64_t growth_since(uint64_t now)
{
	return now > CENSUS_GROWTH_NS ? now - CENSUS_GROWTH_NS : 0;
}

static void set_growth(struct census_figures *figures, const struct history *history, uint64_t now)
{
	figures->growth_per_hour = 0;
	figures->rates_known = history__growth(history, growth_since(now), &figures->growth_per_hour);
}

static void set_rates(struct census_figures *figures, const struct census_sample *before,
		      const struct census_sample *now)
{
	uint64_t ns = now->ns - before->ns;

	figures->faults_per_second = rate(before->faults, now->faults, ns);
	figures->major_faults_per_second = rate(before->major_faults, now->major_faults, ns);
	figures->cpu_percent = rate(before->cpu_ns, now->cpu_ns, ns) / 1e7;
}

/* `before` is the row of the last look, whose history goes over to this one, or NULL. */
static int fill_row(struct census_row *row, const struct census_sample *sample, struct census_row *before)
{
	struct census_figures *figures = &row->figures;
	bool same = before && before->sample.image == sample->image && before->sample.ns < sample->ns;

	row->sample = *sample;
	row->history = before ? before->history : malloc(sizeof(*row->history));
	if (!row->history)
		return -ENOMEM;
	if (before)
		before->history = NULL;
	if (!same) /* what it was before exec is another program's */
		memset(row->history, 0, sizeof(*row->history));
	history__add(row->history, sample->ns, sample->rss_bytes);
	*figures = (struct census_figures){
		.rss_bytes = sample->rss_bytes,
		.anon_bytes = sample->anon_bytes,
		.file_bytes = sample->file_bytes,
		.shmem_bytes = sample->shmem_bytes,
		.swap_bytes = sample->swap_bytes,
		.peak_bytes = sample->peak_bytes,
	};
	if (same) {
		set_growth(figures, row->history, sample->ns);
		set_rates(figures, &before->sample, sample);
	}
	return 0;
}

static void free_rows(struct census_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(rows[i].history);
	free(rows);
}

static int take_rows(struct census *census, struct census_look *look)
{
	struct census_row *rows = calloc(look->count + 1, sizeof(*rows));
	size_t filled = 0;
	int code = rows ? 0 : -ENOMEM;

	if (!code && look->count)
		qsort(look->samples, look->count, sizeof(*look->samples), compare_samples);
	for (; !code && filled < look->count; filled++) {
		const struct census_sample *sample = &look->samples[filled];

		code = fill_row(&rows[filled], sample,
				(struct census_row *)census__find(census, sample->pid, sample->start_ns));
	}
	free_rows(census->rows, census->count);
	census->rows = code ? NULL : rows;
	census->count = code ? 0 : filled;
	if (code && rows)
		free_rows(rows, filled);
	return code;
}

/* ---- cgroups */

static void free_groups(struct census_group *groups, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free((char *)groups[i].cgroup.path);
		free(groups[i].history);
		free(groups[i].used_history);
	}
	free(groups);
}

static int compare_paths(const void *a, const void *b)
{
	const struct census_group *const *x = a, *const *y = b;

	return strcmp((*x)->cgroup.path, (*y)->cgroup.path);
}

/* Malloc'ed, in the order of their paths. NULL when memory is short. */
static struct census_group **sorted_groups(const struct census *census)
{
	struct census_group **sorted = calloc(census->group_count + 1, sizeof(struct census_group *));

	if (!sorted)
		return NULL;
	for (size_t i = 0; i < census->group_count; i++)
		sorted[i] = &census->groups[i];
	if (census->group_count)
		qsort(sorted, census->group_count, sizeof(struct census_group *), compare_paths);
	return sorted;
}

/* Goes over from one look to the next; an empty one where there was none. */
static struct history *take_history(struct history **before)
{
	struct history *history = before ? *before : NULL;

	if (before)
		*before = NULL;
	return history ? history : calloc(1, sizeof(*history));
}

/* A cgroup that nothing was in begins anew. */
static int fill_group(struct census_group *group, const struct census_cgroup *cgroup, struct census_group *before)
{
	if (before && !before->processes)
		before = NULL;
	group->cgroup = *cgroup;
	group->cgroup.path = strdup(cgroup->path);
	group->history = take_history(before ? &before->history : NULL);
	if (!cgroup->limit_bytes)
		return group->cgroup.path && group->history ? 0 : -ENOMEM;
	group->used_history = take_history(before ? &before->used_history : NULL);
	return group->cgroup.path && group->history && group->used_history ? 0 : -ENOMEM;
}

static int take_groups(struct census *census, const struct census_look *look)
{
	struct census_group *groups = calloc(look->group_count + 1, sizeof(*groups)), **sorted = sorted_groups(census);
	int code = groups && sorted ? 0 : -ENOMEM;
	size_t filled = 0;

	for (; !code && filled < look->group_count; filled++) {
		const struct census_group wanted = {.cgroup = look->groups[filled]}, *key = &wanted;
		struct census_group **before = NULL;

		if (census->group_count)
			before = bsearch(&key, sorted, census->group_count, sizeof(struct census_group *),
					 compare_paths);
		code = fill_group(&groups[filled], &look->groups[filled], before ? *before : NULL);
	}
	free(sorted);
	free_groups(census->groups, census->group_count);
	census->groups = groups;
	census->group_count = filled;
	return code;
}

void census_figures__add(struct census_figures *to, const struct census_figures *from)
{
	to->rss_bytes += from->rss_bytes;
	to->anon_bytes += from->anon_bytes;
	to->file_bytes += from->file_bytes;
	to->shmem_bytes += from->shmem_bytes;
	to->swap_bytes += from->swap_bytes;
	to->rates_known |= from->rates_known;
	to->growth_per_hour += from->growth_per_hour;
	to->faults_per_second += from->faults_per_second;
	to->major_faults_per_second += from->major_faults_per_second;
	to->cpu_percent += from->cpu_percent;
}

static void take_sum(struct census_figures *figures, struct history *history, uint64_t ns)
{
	history__add(history, ns, figures->rss_bytes);
	set_growth(figures, history, ns);
}

static void add_up(struct census *census, uint64_t ns)
{
	memset(&census->machine, 0, sizeof(census->machine));
	for (size_t i = 0; i < census->count; i++) {
		const struct census_row *row = &census->rows[i];

		census_figures__add(&census->machine, &row->figures);
		for (int g = row->sample.group; g >= 0; g = census->groups[g].cgroup.parent) {
			census_figures__add(&census->groups[g].figures, &row->figures);
			census->groups[g].processes++;
		}
	}
	take_sum(&census->machine, &census->machine_history, ns);
	for (size_t i = 0; i < census->group_count; i++)
		if (census->groups[i].processes)
			take_sum(&census->groups[i].figures, census->groups[i].history, ns);
}

/* ---- limits */

/* Takes `used` into its history. */
static struct census_limit limit_of(int group, uint64_t bytes, uint64_t used, struct history *history, uint64_t ns)
{
	struct census_limit limit = {.group = group, .limit_bytes = bytes, .used_bytes = used, .seconds = -1};
	uint64_t room = bytes > used ? bytes - used : 0;

	history__add(history, ns, used);
	limit.growth_known = history__growth(history, growth_since(ns), &limit.growth_per_hour);
	if (limit.growth_known && limit.growth_per_hour > 0)
		limit.seconds = (double)room / limit.growth_per_hour * 3600;
	return limit;
}

/* The one that matters more. */
static struct census_limit nearer(const struct census_limit *a, const struct census_limit *b)
{
	if (a->seconds >= 0 && b->seconds >= 0)
		return a->seconds <= b->seconds ? *a : *b;
	if (a->seconds >= 0 || b->seconds >= 0)
		return a->seconds >= 0 ? *a : *b;
	return (int64_t)(a->limit_bytes - a->used_bytes) <= (int64_t)(b->limit_bytes - b->used_bytes) ? *a : *b;
}

static void set_limit(struct census *census, struct census_group *group, uint64_t ns)
{
	const struct census_cgroup *cgroup = &group->cgroup;
	struct census_limit own;

	group->limit = cgroup->parent >= 0 ? census->groups[cgroup->parent].limit : census->machine_limit;
	if (!cgroup->limit_bytes || !group->processes) /* or its figures are not of this look */
		return;
	own = limit_of((int)(group - census->groups), cgroup->limit_bytes, cgroup->used_bytes, group->used_history, ns);
	group->limit = group->limit.group == CENSUS_LIMIT_UNKNOWN ? own : nearer(&own, &group->limit);
}

/* Parents come before their children. */
static void set_limits(struct census *census, const struct census_look *look)
{
	census->machine_limit = (struct census_limit){.group = CENSUS_LIMIT_UNKNOWN, .seconds = -1};
	if (look->machine_bytes)
		census->machine_limit =
			limit_of(CENSUS_LIMIT_MACHINE, look->machine_bytes, look->machine_bytes - look->available_bytes,
				 &census->machine_used_history, look->ns);
	for (size_t i = 0; i < census->group_count; i++)
		set_limit(census, &census->groups[i], look->ns);
	for (size_t i = 0; i < census->count; i++) {
		struct census_row *row = &census->rows[i];

		row->limit = row->sample.group >= 0 ? census->groups[row->sample.group].limit : census->machine_limit;
	}
}

int census__look(struct census *census, struct census_look *look)
{
	int code = take_groups(census, look);

	if (!code)
		code = take_rows(census, look);
	if (code) {
		census__free(census); /* rows would refer to groups of another look */
		return code;
	}
	add_up(census, look->ns);
	set_limits(census, look);
	census->looks++;
	return 0;
}

void census__free(struct census *census)
{
	free_rows(census->rows, census->count);
	free_groups(census->groups, census->group_count);
	memset(census, 0, sizeof(*census));
}
