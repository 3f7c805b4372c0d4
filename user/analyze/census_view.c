/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/census_view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *census_sort__name(enum census_sort sort)
{
	static const char *const names[] = {"rss", "growth", "peak", "anon", "swap", "faults", "pid", "name"};

	return names[sort];
}

/* ---- filter */

static bool matches(const struct census *census, const struct census_row *row, const char *filter)
{
	char pid[16];

	if (!row->sample.wanted)
		return false;
	if (!filter || !*filter)
		return true;
	snprintf(pid, sizeof(pid), "%d", (int)row->sample.pid);
	if (strcasestr(row->sample.comm, filter) || strstr(pid, filter))
		return true;
	return row->sample.group >= 0 && strcasestr(census->groups[row->sample.group].cgroup.path, filter);
}

/* ---- order */

static double key_of(const struct census_figures *figures, enum census_sort sort)
{
	switch (sort) {
	case CENSUS_BY_GROWTH:
		return figures->growth_per_hour;
	case CENSUS_BY_PEAK:
		return (double)figures->peak_bytes;
	case CENSUS_BY_ANON:
		return (double)figures->anon_bytes;
	case CENSUS_BY_SWAP:
		return (double)figures->swap_bytes;
	case CENSUS_BY_FAULTS:
		return figures->faults_per_second;
	case CENSUS_BY_RSS:
	case CENSUS_BY_PID:
	case CENSUS_BY_NAME:
	case CENSUS_SORTS:
		break;
	}
	return (double)figures->rss_bytes;
}

/* A line on its way: `parent` is the index of the cgroup that it stands below, or CENSUS_NO_GROUP. */
struct item {
	struct census_line line;
	int parent;
	enum census_sort sort;
	double key;
};

static struct item item_of(const struct census_row *row, const struct census_group *group, enum census_sort sort)
{
	return (struct item){
		.line = {.row = row, .group = group},
		.parent = row ? row->sample.group : group->cgroup.parent,
		.sort = sort,
		.key = key_of(row ? &row->figures : &group->figures, sort),
	};
}

static const char *name_of(const struct census_line *line)
{
	return line->row ? line->row->sample.comm : line->group->cgroup.path;
}

/* A cgroup has no pid: it goes before. */
static pid_t pid_of(const struct census_line *line)
{
	return line->row ? line->row->sample.pid : 0;
}

static int compare_keys(const struct item *x, const struct item *y)
{
	int order = 0;

	if (x->sort == CENSUS_BY_NAME)
		order = strcmp(name_of(&x->line), name_of(&y->line));
	else if (x->sort != CENSUS_BY_PID)
		order = (x->key < y->key) - (x->key > y->key);
	if (!order)
		order = (pid_of(&x->line) > pid_of(&y->line)) - (pid_of(&x->line) < pid_of(&y->line));
	return order ? order : strcmp(name_of(&x->line), name_of(&y->line));
}

static int compare_items(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	return compare_keys(x, y);
}

/* ---- tree */

struct tree {
	const struct census *census;
	struct item *items; /* those with the same parent are together */
	size_t count;
	size_t *first; /* by cgroup: its first item; only of those that are shown, which all have some */
	struct census_view *view;
};

static void add_line(struct census_view *view, const struct item *item, unsigned int depth)
{
	struct census_line *line = &view->lines[view->count++];

	*line = item->line;
	line->depth = depth;
	view->processes += line->row != NULL;
}

/* As deep as cgroups are in each other, which the kernel bounds where anyone has set a bound, and PATH_MAX else. */
static void add_children(struct tree *tree, size_t first, int parent,
			 unsigned int depth) /* NOLINT(misc-no-recursion) */
{
	for (size_t i = first; i < tree->count && tree->items[i].parent == parent; i++) {
		const struct census_group *group = tree->items[i].line.group;
		int index = group ? (int)(group - tree->census->groups) : CENSUS_NO_GROUP;

		add_line(tree->view, &tree->items[i], depth);
		if (group)
			add_children(tree, tree->first[index], index, depth + 1);
	}
}

/* Cgroups are in it that have a matching process in them or below them. */
static size_t add_groups(const struct census *census, struct item *items, size_t count, enum census_sort sort,
			 bool *shown)
{
	for (size_t i = 0, processes = count; i < processes; i++) {
		for (int g = items[i].parent; g >= 0 && !shown[g]; g = census->groups[g].cgroup.parent) {
			shown[g] = true;
			items[count++] = item_of(NULL, &census->groups[g], sort);
		}
	}
	return count;
}

static int make_tree(const struct census *census, struct item *items, size_t count, struct census_view *view)
{
	bool *shown = calloc(census->group_count + 1, sizeof(*shown));
	struct tree tree = {
		.census = census,
		.items = items,
		.first = calloc(census->group_count + 1, sizeof(*tree.first)),
		.view = view,
	};
	int code = shown && tree.first ? 0 : -ENOMEM;

	if (!code) {
		tree.count = add_groups(census, items, count, view->request.sort, shown);
		qsort(items, tree.count, sizeof(*items), compare_items);
		for (size_t i = tree.count; i > 0; i--)
			if (items[i - 1].parent >= 0)
				tree.first[items[i - 1].parent] = i - 1;
		add_children(&tree, 0, CENSUS_NO_GROUP, 0);
	}
	free(shown);
	free(tree.first);
	return code;
}

static void make_list(struct item *items, size_t count, struct census_view *view)
{
	for (size_t i = 0; i < count; i++)
		items[i].parent = CENSUS_NO_GROUP;
	if (count)
		qsort(items, count, sizeof(*items), compare_items);
	for (size_t i = 0; i < count; i++)
		add_line(view, &items[i], 0);
}

int census_view__make(const struct census *census, const struct census_request *request, struct census_view *view)
{
	size_t room = census->count + census->group_count + 1, count = 0;
	struct item *items = calloc(room, sizeof(*items));
	int code = 0;

	*view = (struct census_view){.lines = calloc(room, sizeof(*view->lines)), .request = *request};
	if (!items || !view->lines) {
		free(items);
		census_view__free(view);
		return -ENOMEM;
	}
	for (size_t i = 0; i < census->count; i++)
		if (matches(census, &census->rows[i], request->filter))
			items[count++] = item_of(&census->rows[i], NULL, request->sort);
	if (request->tree && count)
		code = make_tree(census, items, count, view);
	else
		make_list(items, count, view);
	free(items);
	if (code)
		census_view__free(view);
	return code;
}

void census_view__free(struct census_view *view)
{
	free(view->lines);
	*view = (struct census_view){0};
}
