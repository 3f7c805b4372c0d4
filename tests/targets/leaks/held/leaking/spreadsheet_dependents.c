/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A spreadsheet of 300 cells, each with an array of those that depend on it. Whenever a formula changes, its cell is
 * added to those of the cells it names, but nobody takes it from those it named before: the arrays grow, by 16 places
 * at a time, about 14 KB/s together. The formulas themselves are replaced.
 */
#include "leaks.h"

enum { CELLS = 300, GROWTH = 16 };

const char *const leaking[] = {"dependents_grow", NULL};

struct dependent {
	unsigned cell, argument;
	double changed;
};

static struct cell {
	char *formula;
	struct dependent *dependents;
	size_t count, room;
	double value;
} cells[CELLS];

SITE static void dependents_grow(struct cell *cell)
{
	cell->room += GROWTH;
	cell->dependents = checked(realloc(cell->dependents, cell->room * sizeof(*cell->dependents)));
}

SITE static char *formula_new(void)
{
	size_t size = random_size(&rng, 20, 800);

	return filled(malloc(size), size);
}

SITE static unsigned *marks_new(size_t count)
{
	return checked(calloc(count + 1, sizeof(unsigned)));
}

static void depend(struct cell *on, unsigned cell, unsigned argument, double now)
{
	if (on->count == on->room)
		dependents_grow(on);
	on->dependents[on->count++] = (struct dependent){.cell = cell, .argument = argument, .changed = now};
}

static void recalculate(struct cell *cell)
{
	unsigned *marks = marks_new(cell->count);

	for (size_t i = 0; i < cell->count; i++) {
		cells[cell->dependents[i].cell].value += 1;
		marks[i] = 1;
	}
	free(marks);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 300), &rng);

	while (next(&pace)) {
		unsigned edited = (unsigned)random_below(&rng, CELLS);

		free(cells[edited].formula);
		cells[edited].formula = formula_new();
		for (unsigned i = 0; i < 3; i++)
			depend(&cells[random_below(&rng, CELLS)], edited, i, pace.now);
		recalculate(&cells[edited]);
		work(20);
	}
}
