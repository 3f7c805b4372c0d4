/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A planner of SQL queries that looks at many paths for each set of tables and keeps the cheapest. The one that loses
 * is freed, and all that are left when the query is planned; but of two that cost the same, the new one is neither
 * kept nor freed: about 20 a second of 1200, 4 KB/s.
 */
#include "leaks.h"

enum { SETS = 15, COSTS = 40 };

const char *const leaking[] = {"path_new", NULL};

static struct path {
	unsigned cost;
	char keys[];
} * cheapest[SETS];

SITE static struct path *path_new(void)
{
	size_t size = sizeof(struct path) + random_size(&rng, 64, 700);
	struct path *path = filled(malloc(size), size);

	path->cost = (unsigned)random_below(&rng, COSTS);
	return path;
}

SITE static char *query_new(void)
{
	size_t size = random_size(&rng, 100, 5000);

	return filled(malloc(size), size);
}

static void add(struct path **best, struct path *path)
{
	if (*best && (*best)->cost < path->cost) {
		free(path);
	} else if (!*best || (*best)->cost > path->cost) {
		free(*best);
		*best = path;
	}
}

static void plan(void)
{
	char *query = query_new();
	unsigned paths = 6 + (unsigned)random_below(&rng, 30);

	for (unsigned i = 0; i < paths; i++)
		add(&cheapest[random_below(&rng, SETS)], path_new());
	work(60);
	for (unsigned i = 0; i < SETS; i++) {
		free(cheapest[i]);
		cheapest[i] = NULL;
	}
	free(query);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 60), &rng);

	while (next(&pace))
		plan();
}
