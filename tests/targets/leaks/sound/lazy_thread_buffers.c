/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ten threads that serve requests, each with up to five buffers that it makes when it needs one of that kind first, and
 * keeps. The commonest is needed at once, the rarest by every 256th request: so all are there after some 10 s, 1.2 MB.
 */
#include <pthread.h>

#include "leaks.h"

enum { THREADS = 10, KINDS = 5 };

const char *const leaking[] = {NULL};

static _Thread_local char *buffers[KINDS];

SITE static char *buffer_new(struct random *random)
{
	size_t size = random_size(random, 10000, 48000);

	return filled(malloc(size), size);
}

static char *buffer_of(unsigned kind, struct random *random)
{
	if (!buffers[kind])
		buffers[kind] = buffer_new(random);
	return buffers[kind];
}

SITE static char *request_new(size_t size)
{
	return filled(malloc(size), size);
}

/* Every 4th request needs the second kind too, every 16th the third and so on. */
static bool needs(unsigned kind, uint64_t number)
{
	return number % (1U << 2 * kind) == 0;
}

static void serve(uint64_t number, struct random *random)
{
	size_t size = random_size(random, 200, 8000);
	char *request = request_new(size);

	work(60);
	for (unsigned kind = 0; kind < KINDS; kind++)
		if (needs(kind, number))
			memcpy(buffer_of(kind, random), request, size);
	free(request);
}

static void *run(void *argument)
{
	struct random *random = argument;
	struct pace pace = pace_random(random_about(random, 26), random);
	uint64_t number = 1 + random_below(random, 1U << 2 * (KINDS - 1));

	while (next(&pace))
		serve(number++, random);
	for (unsigned kind = 0; kind < KINDS; kind++)
		free(buffers[kind]);
	return NULL;
}

void program(void)
{
	pthread_t threads[THREADS];
	struct random randoms[THREADS];

	for (unsigned i = 0; i < THREADS; i++) {
		randoms[i] = random_split(&rng);
		if (pthread_create(&threads[i], NULL, run, &randoms[i]))
			fail("cannot start a thread");
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}
