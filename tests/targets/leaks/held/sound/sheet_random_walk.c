/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A spreadsheet in whose cells somebody writes and erases, a range of up to 24 at a time, by the toss of a coin: how
 * many are there is a random walk, between 300 and 900, that turns back at either. At 900 cells some 370 KB.
 */
#include "leaks.h"

enum { LEAST = 300, MOST = 900, START = 600, RANGE_MAX = 24 };

const char *const leaking[] = {NULL};

static struct cell {
	double value;
	char *formula;
} * cells[MOST];
static unsigned count;

SITE static char *formula_new(void)
{
	size_t size = random_size(&rng, 30, 1500);

	return filled(malloc(size), size);
}

SITE static struct cell *cell_new(void)
{
	return filled(malloc(sizeof(struct cell)), sizeof(struct cell));
}

SITE static double *values_new(void)
{
	return checked(calloc(count, sizeof(double)));
}

static void write_cell(void)
{
	struct cell *cell = cell_new();

	cell->formula = formula_new();
	cells[count++] = cell;
}

static void erase_cell(void)
{
	unsigned place = (unsigned)random_below(&rng, count);
	struct cell *cell = cells[place];

	cells[place] = cells[--count];
	free(cell->formula);
	free(cell);
}

static void edit_range(void)
{
	unsigned range = 1 + (unsigned)random_below(&rng, RANGE_MAX);
	bool writes = random_chance(&rng, 0.5);

	while (range--) {
		if (count == MOST || count == LEAST)
			writes = count == LEAST;
		if (writes)
			write_cell();
		else
			erase_cell();
	}
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 60), &rng);

	while (count < START)
		write_cell();
	while (next(&pace)) {
		double *values = values_new();

		edit_range();
		work(40);
		free(values);
	}
}
