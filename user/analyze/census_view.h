/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is to be shown of a census: which processes, in which order, by themselves or below their cgroups. */
#ifndef MEMTRAWL_ANALYZE_CENSUS_VIEW_H
#define MEMTRAWL_ANALYZE_CENSUS_VIEW_H

#include "analyze/census.h"

/* In the order of the words that --sort takes. Largest first, but pids and names: those rise. */
enum census_sort {
	CENSUS_BY_RSS,
	CENSUS_BY_GROWTH,
	CENSUS_BY_PEAK,
	CENSUS_BY_ANON,
	CENSUS_BY_SWAP,
	CENSUS_BY_FAULTS,
	CENSUS_BY_PID,
	CENSUS_BY_NAME, /* of a cgroup: its path */
	CENSUS_SORTS,
};

/* "rss". */
const char *census_sort__name(enum census_sort sort);

struct census_request {
	enum census_sort sort;
	const char *filter; /* only processes with this in their name, cgroup or pid, case aside; NULL or "": all */
	bool tree;
};

/* A process or, in a tree, a cgroup: one of both is NULL. */
struct census_line {
	const struct census_row *row;
	const struct census_group *group;
	unsigned int depth; /* in the tree */
};

struct census_view {
	struct census_line *lines;
	size_t count;
	size_t processes;              /* of the lines */
	struct census_request request; /* that it was made for; its filter is the caller's */
};

/* 0, or -ENOMEM. It refers to the census, until the next look. */
int census_view__make(const struct census *census, const struct census_request *request, struct census_view *view);
void census_view__free(struct census_view *view);

#endif
