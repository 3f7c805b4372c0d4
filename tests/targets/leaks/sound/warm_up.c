/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A server that loads its tables for about 12 s, some 2.5 MB of rows and an index that doubles, and from then on has
 * but temporary blocks, for its queries.
 */
#include "leaks.h"

const char *const leaking[] = {NULL};

static struct row {
	uint64_t key;
	size_t size;
	char columns[];
} * *rows;
static size_t loaded, room;

SITE static struct row *load_row(void)
{
	size_t size = sizeof(struct row) + random_size(&rng, 100, 2500);
	struct row *row = filled(malloc(size), size);

	row->key = random_u64(&rng);
	row->size = size - sizeof(*row);
	return row;
}

SITE static void index_grow(void)
{
	room = room ? 2 * room : 64;
	rows = checked(realloc(rows, room * sizeof(*rows)));
}

static void load(void)
{
	if (loaded == room)
		index_grow();
	rows[loaded++] = load_row();
	work(15);
}

SITE static char *read_query(size_t size)
{
	return filled(malloc(size), size);
}

SITE static char *select_rows(size_t size)
{
	char *result = filled(malloc(size), size);

	for (unsigned i = 0; i < 4; i++)
		result[i] = rows[random_below(&rng, loaded)]->columns[0];
	return result;
}

static void query(void)
{
	char *text = read_query(random_size(&rng, 50, 1000)), *result;

	work(25);
	result = select_rows(random_size(&rng, 100, 16384));
	free(text);
	free(result);
}

void program(void)
{
	double warm = random_about(&rng, 12);
	struct pace loads = pace_regular(250), queries = pace_random(random_about(&rng, 300), &rng);

	while (loads.now < warm && next(&loads))
		load();
	queries.now = loads.now;
	while (next(&queries))
		query();
}
