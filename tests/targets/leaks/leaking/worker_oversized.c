/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Three workers that pack files, each with a window of 32 KiB of its own. A file that needs a larger window gets one,
 * but after it the worker takes its own again and forgets the large one: 48 to 160 KiB for each worker about every 3 s.
 */
#include <pthread.h>

#include "leaks.h"

enum { WORKERS = 3, WINDOW = 32 << 10 };

const char *const leaking[] = {"large_window", NULL};

static _Thread_local struct {
	char *own, *current;
} window;

SITE static char *own_window(void)
{
	return filled(malloc(WINDOW), WINDOW);
}

SITE static char *large_window(struct random *random)
{
	size_t size = random_size(random, 48 << 10, 160 << 10);

	return filled(malloc(size), size);
}

SITE static char *read_file(size_t size)
{
	return filled(malloc(size), size);
}

static void pack(const char *file, size_t size)
{
	memcpy(window.current, file, size);
	work(70);
}

static void do_file(struct random *random)
{
	size_t size = random_size(random, 100, WINDOW);
	char *file = read_file(size);

	if (random_chance(random, 0.005))
		window.current = large_window(random);
	pack(file, size);
	window.current = window.own;
	free(file);
}

static void *worker(void *argument)
{
	struct random *random = argument;
	struct pace pace = pace_random(random_about(random, 70), random);

	window.own = window.current = own_window();
	while (next(&pace))
		do_file(random);
	free(window.own);
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
