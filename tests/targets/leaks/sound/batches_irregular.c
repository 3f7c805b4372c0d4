/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes that are collected, in an array that grows by half, until they are committed: 4 to 9 s after the ones before.
 * Beside them, a few pages that are replaced.
 */
#include "leaks.h"

enum { PAGES = 16, PAGE_BYTES = 4096 };

const char *const leaking[] = {NULL};

static void **changes;
static size_t count, room;
static void *pages[PAGES];

SITE static void *change_new(void)
{
	size_t size = random_size(&rng, 100, 5000);

	return filled(malloc(size), size);
}

SITE static void changes_grow(void)
{
	room += room / 2 + 64;
	changes = checked(realloc(changes, room * sizeof(*changes)));
}

SITE static void *page_new(void)
{
	return filled(malloc(PAGE_BYTES), PAGE_BYTES);
}

static void change(void)
{
	void **page = &pages[random_below(&rng, PAGES)];

	if (count == room)
		changes_grow();
	changes[count++] = change_new();
	free(*page);
	*page = page_new();
	work(25);
}

static void commit(void)
{
	for (size_t i = 0; i < count; i++)
		free(changes[i]);
	free(changes);
	changes = NULL;
	count = room = 0;
}

void program(void)
{
	double due = 4 + 5 * random_unit(&rng);
	struct pace pace = pace_random(random_about(&rng, 300), &rng);

	while (next(&pace)) {
		change();
		if (pace.now >= due) {
			commit();
			due += 4 + 5 * random_unit(&rng);
		}
	}
}
