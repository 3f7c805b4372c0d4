/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads that come and go, about 6 a second, each with a context and a buffer in it, which it frees before it ends. */
#include <pthread.h>

#include "leaks.h"

enum { JOBS = 40, LIFE_MAX = 3 };

const char *const leaking[] = {NULL};

static struct job {
	pthread_t thread;
	bool started;
	double at; /* the time of its start */
	struct random random;
} jobs[JOBS];

struct context {
	char *buffer;
	size_t size;
	unsigned done;
	char name[256];
};

SITE static char *buffer_new(size_t size)
{
	return filled(malloc(size), size);
}

SITE static struct context *context_new(struct random *random)
{
	struct context *context = filled(malloc(sizeof(*context)), sizeof(*context));

	context->done = 0;
	context->size = random_size(random, 2048, 32768);
	context->buffer = buffer_new(context->size);
	return context;
}

static void context_free(struct context *context)
{
	free(context->buffer);
	free(context);
}

SITE static char *piece_new(size_t size)
{
	return filled(malloc(size), size);
}

static void step(struct context *context, struct random *random)
{
	size_t size = random_size(random, 64, 2048);
	char *piece = piece_new(size);

	work(20);
	memcpy(context->buffer, piece, size);
	context->done++;
	free(piece);
}

static void *run(void *argument)
{
	struct job *job = argument;
	struct context *context = context_new(&job->random);
	struct pace pace = pace_random(80, &job->random);
	double life = random_exponential(&job->random, 0.6), ends = job->at + (life < LIFE_MAX ? life : LIFE_MAX);

	pace.now = job->at;
	while (pace.now < ends && next(&pace))
		step(context, &job->random);
	context_free(context);
	return NULL;
}

static void start(struct job *job, double now)
{
	if (job->started && pthread_join(job->thread, NULL))
		fail("cannot join a thread");
	job->at = now;
	job->random = random_split(&rng);
	job->started = true;
	if (pthread_create(&job->thread, NULL, run, job))
		fail("cannot start a thread");
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 6), &rng);
	unsigned i = 0;

	for (; next(&pace); i++)
		start(&jobs[i % JOBS], pace.now);
	for (struct job *job = jobs; job < jobs + JOBS; job++)
		if (job->started)
			pthread_join(job->thread, NULL);
}
