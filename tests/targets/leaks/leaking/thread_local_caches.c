/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Four workers for the whole run, each with a list of results it has computed and never drops: they grow by about
 * 12 KB/s together, at one site. Answers are found among the latest of them, or computed in temporary blocks.
 */
#include <pthread.h>

#include "leaks.h"

enum { WORKERS = 4, LATEST = 8 };

const char *const leaking[] = {"remember", NULL};

struct result {
	struct result *older;
	size_t length;
	char text[];
};

static _Thread_local struct result *newest;

SITE static void remember(const char *text, size_t length)
{
	struct result *result = checked(malloc(sizeof(*result) + length));

	memcpy(result->text, text, length);
	result->length = length;
	result->older = newest;
	newest = result;
}

static bool is_known(size_t length)
{
	const struct result *result = newest;

	for (unsigned i = 0; result && i < LATEST; i++, result = result->older)
		if (result->length == length)
			return true;
	return false;
}

SITE static char *compute(size_t length)
{
	return filled(malloc(length), length);
}

static void answer(struct random *random)
{
	size_t length = random_size(random, 64, 4096);
	char *text = compute(length);

	work(20);
	if (random_chance(random, 0.03) && !is_known(length))
		remember(text, length);
	free(text);
}

static void *worker(void *argument)
{
	struct random *random = argument;
	struct pace pace = pace_random(random_about(random, 100), random);

	while (next(&pace))
		answer(random);
	return NULL;
}

void program(void)
{
	pthread_t threads[WORKERS];
	struct random randoms[WORKERS];

	for (unsigned i = 0; i < WORKERS; i++) {
		randoms[i] = random_split(&rng);
		if (pthread_create(&threads[i], NULL, worker, &randoms[i]))
			fail("cannot start a thread");
	}
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
}
