/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections that arrive at random, about 30 a second, and last for 3 s on average; each has a state, and a buffer
 * that is as large as the largest message so far.
 */
#include "leaks.h"

enum { CONNECTIONS = 400 };

const char *const leaking[] = {NULL};

struct state {
	double ends;
	size_t room;
	char peer[200];
};

static struct connection {
	struct state *state;
	char *buffer;
} connections[CONNECTIONS];
static unsigned connected;

SITE static struct state *state_new(double now)
{
	struct state *state = filled(malloc(sizeof(*state)), sizeof(*state));

	state->ends = now + random_exponential(&rng, 3);
	state->room = 0;
	return state;
}

SITE static void buffer_grow(struct connection *connection, size_t size)
{
	connection->buffer = checked(realloc(connection->buffer, size));
	connection->state->room = size;
}

static void accept_one(double now)
{
	if (connected == CONNECTIONS)
		return;
	connections[connected].buffer = NULL;
	connections[connected++].state = state_new(now);
}

static void close_ended(double now)
{
	for (unsigned i = connected; i-- > 0;) {
		if (connections[i].state->ends > now)
			continue;
		free(connections[i].buffer);
		free(connections[i].state);
		connections[i] = connections[--connected];
	}
}

static void receive(struct connection *connection)
{
	size_t size = random_size(&rng, 64, 16384);

	if (size > connection->state->room)
		buffer_grow(connection, size);
	memset(connection->buffer, 'r', size);
	work(20);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 350), &rng);
	double arrivals = random_about(&rng, 30);

	while (next(&pace)) {
		close_ended(pace.now);
		if (random_chance(&rng, arrivals / pace.rate))
			accept_one(pace.now);
		else if (connected)
			receive(&connections[random_below(&rng, connected)]);
	}
}
