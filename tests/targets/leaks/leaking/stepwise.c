/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A service that reads its catalogue anew about every 5 s and does not free the previous one: steps of some 40 blocks
 * and 150 KB. Between them, requests that leave nothing.
 */
#include "leaks.h"

enum { ENTRIES = 40 };

const char *const leaking[] = {"read_entry", NULL};

static void *catalogue[ENTRIES];

SITE static void *read_entry(void)
{
	size_t size = random_size(&rng, 2048, 6144);

	return filled(malloc(size), size);
}

static void reload(void)
{
	for (unsigned i = 0; i < ENTRIES; i++) {
		catalogue[i] = read_entry();
		work(10);
	}
}

SITE static char *read_request(size_t size)
{
	return filled(malloc(size), size);
}

SITE static char *make_answer(size_t size)
{
	return filled(calloc(1, size), size);
}

static void serve(void)
{
	size_t size = random_size(&rng, 100, 3000);
	char *request = read_request(size), *answer;

	work(15);
	answer = make_answer(size * 2);
	answer[0] = ((char *)catalogue[random_below(&rng, ENTRIES)])[0];
	work(10);
	free(request);
	free(answer);
}

void program(void)
{
	double period = random_about(&rng, 5), due = 0;
	struct pace pace = pace_random(random_about(&rng, 250), &rng);

	while (next(&pace)) {
		if (pace.now >= due) {
			reload();
			due += period;
		}
		serve();
	}
}
