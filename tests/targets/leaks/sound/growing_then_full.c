/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A store that fills at a constant rate for about 20 s, to some 3 MB, and then replaces one of its entries by each. */
#include "leaks.h"

enum { SECONDS = 20, STORED = 150, REQUESTS = 400, ENTRIES_MAX = 2 * SECONDS * STORED };

const char *const leaking[] = {NULL};

static void *entries[ENTRIES_MAX];
static unsigned used, capacity;

SITE static void *entry_new(void)
{
	size_t size = random_size(&rng, 200, 3000);

	return filled(malloc(size), size);
}

static void store(void)
{
	void **place = used < capacity ? &entries[used++] : &entries[random_below(&rng, capacity)];

	free(*place);
	*place = entry_new();
}

SITE static char *read_request(size_t size)
{
	return filled(malloc(size), size);
}

SITE static char *make_answer(size_t size)
{
	return filled(malloc(size), size);
}

static void serve(void)
{
	char *request = read_request(random_size(&rng, 64, 1024)), *answer;

	work(10);
	if (random_chance(&rng, (double)STORED / REQUESTS))
		store();
	answer = make_answer(random_size(&rng, 256, 8192));
	work(15);
	free(request);
	free(answer);
}

void program(void)
{
	struct pace pace = pace_random(REQUESTS, &rng);

	capacity = (unsigned)random_about(&rng, SECONDS * STORED);
	while (next(&pace))
		serve();
}
