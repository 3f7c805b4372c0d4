/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Three threads of a service, each with an array of the spans of its current trace, with their attributes. At the end
 * of a trace that is sampled, the spans are sent and their attributes freed; of one that is not, 1 of 6, the array is
 * only set to empty: about 50 attributes a second stay, 11 KB/s.
 */
#include <pthread.h>

#include "leaks.h"

enum { THREADS = 3, SPANS_MAX = 20 };

const char *const leaking[] = {"attributes_new", NULL};

struct tracer {
	pthread_t thread;
	struct random random;
	unsigned spans;
	struct span {
		double began;
		char *attributes;
	} trace[SPANS_MAX];
};

SITE static char *attributes_new(struct random *random)
{
	size_t size = random_size(random, 40, 700);

	return filled(malloc(size), size);
}

SITE static char *export_new(struct random *random)
{
	size_t size = random_size(random, 500, 9000);

	return filled(malloc(size), size);
}

static void begin_span(struct tracer *tracer, double now)
{
	struct span *span = &tracer->trace[tracer->spans++];

	span->began = now;
	span->attributes = attributes_new(&tracer->random);
}

static void send_trace(struct tracer *tracer)
{
	char *export = export_new(&tracer->random);

	for (unsigned i = 0; i < tracer->spans; i++)
		free(tracer->trace[i].attributes);
	work(40);
	free(export);
}

static void end_trace(struct tracer *tracer)
{
	if (!random_chance(&tracer->random, 0.16))
		send_trace(tracer);
	tracer->spans = 0;
}

static void *serve(void *argument)
{
	struct tracer *tracer = argument;
	struct pace pace = pace_random(random_about(&tracer->random, 100), &tracer->random);

	while (next(&pace)) {
		begin_span(tracer, pace.now);
		work(15);
		if (tracer->spans == SPANS_MAX || random_chance(&tracer->random, 0.15))
			end_trace(tracer);
	}
	return NULL;
}

void program(void)
{
	static struct tracer tracers[THREADS];

	for (unsigned i = 0; i < THREADS; i++) {
		tracers[i].random = random_split(&rng);
		if (pthread_create(&tracers[i].thread, NULL, serve, &tracers[i]))
			fail("no thread");
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(tracers[i].thread, NULL);
}
