/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pool of threads that goes with the load, from 2 to 10 and back about every 10 s. Each has buffers while it lives,
 * some 100 KB, and temporary blocks for its tasks.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "leaks.h"

enum { WORKERS_MIN = 2, WORKERS_MAX = 10, BUFFERS = 4 };

const char *const leaking[] = {NULL};

static struct worker {
	pthread_t thread;
	double at; /* the time of its start */
	struct random random;
	atomic_bool stop;
} workers[WORKERS_MAX];
static unsigned running;

SITE static char *buffer_new(struct random *random)
{
	size_t size = random_size(random, 8192, 65536);

	return filled(malloc(size), size);
}

SITE static char *task_new(size_t size)
{
	return filled(malloc(size), size);
}

static void do_task(struct random *random, char *buffer)
{
	size_t size = random_size(random, 64, 8192);
	char *task = task_new(size);

	work(20);
	memcpy(buffer, task, size);
	free(task);
}

static void *run(void *argument)
{
	struct worker *worker = argument;
	struct pace pace = pace_random(60, &worker->random);
	char *buffers[BUFFERS];

	pace.now = worker->at;
	for (unsigned i = 0; i < BUFFERS; i++)
		buffers[i] = buffer_new(&worker->random);
	while (!atomic_load(&worker->stop) && next(&pace))
		do_task(&worker->random, buffers[random_below(&worker->random, BUFFERS)]);
	for (unsigned i = 0; i < BUFFERS; i++)
		free(buffers[i]);
	return NULL;
}

static void start_one(double now)
{
	struct worker *worker = &workers[running++];

	worker->at = now;
	worker->random = random_split(&rng);
	atomic_store(&worker->stop, false);
	if (pthread_create(&worker->thread, NULL, run, worker))
		fail("cannot start a thread");
}

static void stop_one(void)
{
	struct worker *worker = &workers[--running];

	atomic_store(&worker->stop, true);
	if (pthread_join(worker->thread, NULL))
		fail("cannot join a thread");
}

/* A triangle over the period. */
static unsigned wanted(double now, double period)
{
	double phase = now / period, part = phase - (unsigned)phase, height = part < 0.5 ? 2 * part : 2 - 2 * part;

	return WORKERS_MIN + (unsigned)(height * (WORKERS_MAX - WORKERS_MIN) + 0.5);
}

void program(void)
{
	double period = random_about(&rng, 10);
	struct pace pace = pace_random(8, &rng);

	while (next(&pace)) {
		if (running < wanted(pace.now, period))
			start_one(pace.now);
		else if (running > wanted(pace.now, period))
			stop_one();
	}
	while (running)
		stop_one();
}
