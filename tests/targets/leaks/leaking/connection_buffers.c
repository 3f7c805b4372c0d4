/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A list of connections, each with a buffer for what comes and one for what goes, made when it is needed first. At 1 of
 * 10 closings something is still to be sent, and that buffer is forgotten: about 25 KB/s.
 */
#include "leaks.h"

const char *const leaking[] = {"output_new", NULL};

static struct connection {
	struct connection *next;
	double ends;
	size_t size;
	char *input, *output;
} * connections;
static unsigned connected;

SITE static struct connection *connection_new(double now)
{
	struct connection *connection = checked(calloc(1, sizeof(*connection)));

	connection->ends = now + random_exponential(&rng, 2);
	connection->size = random_size(&rng, 4096, 32768);
	return connection;
}

SITE static char *input_new(size_t size)
{
	return filled(malloc(size), size);
}

SITE static char *output_new(size_t size)
{
	return filled(malloc(size), size);
}

static void accept_one(double now)
{
	struct connection *connection = connection_new(now);

	connection->next = connections;
	connections = connection;
	connected++;
	work(15);
}

static void serve(struct connection *connection)
{
	if (!connection->input)
		connection->input = input_new(connection->size);
	else if (!connection->output)
		connection->output = output_new(connection->size);
	else
		memcpy(connection->output, connection->input, connection->size / 8);
	work(20);
}

static void close_ended(double now)
{
	for (struct connection **link = &connections, *connection; (connection = *link);) {
		if (connection->ends > now) {
			link = &connection->next;
			continue;
		}
		*link = connection->next;
		free(connection->input);
		if (!random_chance(&rng, 0.1))
			free(connection->output);
		free(connection);
		connected--;
	}
}

static struct connection *any(void)
{
	struct connection *connection = connections;

	for (uint64_t i = random_below(&rng, connected); i; i--)
		connection = connection->next;
	return connection;
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 400), &rng);

	while (next(&pace)) {
		close_ended(pace.now);
		if (random_chance(&rng, 0.06))
			accept_one(pace.now);
		else if (connected)
			serve(any());
	}
}
