/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections that arrive at random, about 20 a second, and last for 10 s on average, in a list by the time of their
 * ends: some 200 at a time, once the first have gone. Each has one block of 2 to 24 KiB, with its buffers.
 */
#include "leaks.h"

enum { LEAST = 2048, MOST = 24576 };

const char *const leaking[] = {NULL};

static struct connection {
	struct connection *next;
	double ends;
	char buffers[];
} * connections;

SITE static struct connection *connection_new(double ends)
{
	size_t size = random_size(&rng, LEAST, MOST);
	struct connection *connection = filled(malloc(size), size);

	connection->ends = ends;
	return connection;
}

static void accept_one(double now)
{
	struct connection *connection = connection_new(now + random_exponential(&rng, 10)), **link = &connections;

	while (*link && (*link)->ends < connection->ends)
		link = &(*link)->next;
	connection->next = *link;
	*link = connection;
}

static void close_ended(double now)
{
	while (connections && connections->ends <= now) {
		struct connection *ended = connections;

		connections = ended->next;
		free(ended);
	}
}

SITE static char *message_new(size_t size)
{
	return filled(malloc(size), size);
}

static void receive(void)
{
	size_t size = random_size(&rng, 50, 1500);
	char *message = message_new(size);

	work(20);
	if (connections)
		memcpy(connections->buffers, message, size);
	free(message);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 400), &rng);
	double arrivals = random_about(&rng, 20);

	while (next(&pace)) {
		close_ended(pace.now);
		if (random_chance(&rng, arrivals / pace.rate))
			accept_one(pace.now);
		receive();
	}
}
