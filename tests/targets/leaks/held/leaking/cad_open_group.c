/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A CAD program that keeps the latest 25 groups of changes, to be undone, and closes a group when the command ends that
 * opened it. A command that is aborted, about the 60th, after 5 s, does not: as commands nest, the outermost never ends
 * from then on, and all changes go to one group: about 25 KB/s. Before that, some 150 changes are kept.
 */
#include "leaks.h"

enum { GROUPS = 25, ABORTED = 60 };

const char *const leaking[] = {"change_new", NULL};

struct change {
	struct change *previous;
	char before[];
};

static struct change *groups[GROUPS];
static unsigned current, depth, commands;

SITE static struct change *change_new(void)
{
	size_t size = sizeof(struct change) + random_size(&rng, 48, 1500);

	return filled(malloc(size), size);
}

SITE static char *mesh_new(void)
{
	size_t size = random_size(&rng, 1000, 16000);

	return filled(malloc(size), size);
}

static void drop(struct change *change)
{
	for (struct change *previous; change; change = previous) {
		previous = change->previous;
		free(change);
	}
}

static void begin(void)
{
	if (depth++)
		return;
	current = (current + 1) % GROUPS;
	drop(groups[current]);
	groups[current] = NULL;
}

static void change(void)
{
	struct change *change = change_new();

	change->previous = groups[current];
	groups[current] = change;
}

static void command(void)
{
	unsigned changes = 1 + (unsigned)random_below(&rng, 9);
	char *mesh = mesh_new();

	begin();
	for (unsigned i = 0; i < changes; i++)
		change();
	work(50);
	free(mesh);
	if (++commands == ABORTED)
		return;
	depth--;
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 60), &rng);

	while (next(&pace)) {
		if (random_chance(&rng, 0.2))
			command();
		else
			free(mesh_new());
	}
}
