/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A thread for each client, about 5 a second, that lives for some 0.2 s and leaves its context: about 16 KB/s. */
#include <pthread.h>

#include "leaks.h"

enum { CLIENTS = 16 };

const char *const leaking[] = {"context_new", NULL};

static struct client {
	pthread_t thread;
	bool started;
	double at; /* the time of its start */
	struct random random;
} clients[CLIENTS];

struct context {
	size_t size;
	char scratch[];
};

SITE static struct context *context_new(struct random *random)
{
	size_t size = random_size(random, 1024, 8192);
	struct context *context = filled(malloc(size), size);

	context->size = size - sizeof(*context);
	return context;
}

SITE static char *read_message(size_t size)
{
	return filled(malloc(size), size);
}

static void handle(struct client *client, struct context *context)
{
	size_t size = random_size(&client->random, 32, context->size);
	char *message = read_message(size);

	work(15);
	memcpy(context->scratch, message, size);
	free(message);
}

static void *serve(void *argument)
{
	struct client *client = argument;
	struct context *context = context_new(&client->random);
	struct pace pace = pace_regular(200);

	pace.now = client->at;
	for (unsigned messages = 20 + (unsigned)random_below(&client->random, 40); messages && next(&pace); messages--)
		handle(client, context);
	return NULL; /* and nobody else knows of the context */
}

static void start(struct client *client, double now)
{
	if (client->started && pthread_join(client->thread, NULL))
		fail("cannot join a thread");
	client->at = now;
	client->random = random_split(&rng);
	client->started = true;
	if (pthread_create(&client->thread, NULL, serve, client))
		fail("cannot start a thread");
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 5), &rng);

	for (unsigned i = 0; next(&pace); i++)
		start(&clients[i % CLIENTS], pace.now);
}
