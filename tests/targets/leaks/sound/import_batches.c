/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An import about every 12 s, that takes 4 s: rows are read, some 1.2 MB, into an array that grows, and all freed when
 * they have been written. The names of their categories are interned for good, but there are only 300 of them, and
 * nearly all occur in the first import.
 */
#include "leaks.h"

enum { CATEGORIES = 300, TAKES = 4 };

const char *const leaking[] = {NULL};

struct row {
	const char *category;
	size_t size;
	char columns[];
};

static char *categories[CATEGORIES];
static struct row **rows;
static size_t count, room;

SITE static char *intern(void)
{
	size_t length = random_size(&rng, 8, 120);

	return filled(malloc(length), length);
}

SITE static struct row *read_row(const char *category)
{
	size_t size = sizeof(struct row) + random_size(&rng, 150, 2000);
	struct row *row = filled(malloc(size), size);

	row->category = category;
	row->size = size - sizeof(*row);
	return row;
}

SITE static void rows_grow(void)
{
	room = room ? 2 * room : 128;
	rows = checked(realloc(rows, room * sizeof(*rows)));
}

static void import_row(void)
{
	char **category = &categories[random_below(&rng, CATEGORIES)];

	if (!*category)
		*category = intern();
	if (count == room)
		rows_grow();
	rows[count++] = read_row(*category);
	work(20);
}

static void write_rows(void)
{
	for (size_t i = 0; i < count; i++)
		free(rows[i]);
	free(rows);
	rows = NULL;
	count = room = 0;
}

SITE static char *answer_new(void)
{
	size_t size = random_size(&rng, 100, 5000);

	return filled(malloc(size), size);
}

static void answer(void)
{
	char *text = answer_new();

	work(15);
	free(text);
}

void program(void)
{
	double period = random_about(&rng, 12), begins = random_about(&rng, 2);
	struct pace pace = pace_random(random_about(&rng, 400), &rng);

	while (next(&pace)) {
		answer();
		if (pace.now >= begins)
			import_row();
		if (pace.now >= begins + TAKES) {
			write_rows();
			begins += period;
		}
	}
}
