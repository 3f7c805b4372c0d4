/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pool of connections to a database. Now and then, every 11 s or so, there are many queries for 4 s, and so many more
 * connections; those idle for 4 s are closed, but for two. Each has its buffers, of 16 to 64 KiB.
 */
#include "leaks.h"

enum { CONNECTIONS_MAX = 40, KEPT = 2, BUSY = 4, IDLE = 4 };

const char *const leaking[] = {NULL};

/* Those in use before those that are idle; of the latter, the last used first. */
static struct connection {
	double until; /* when the query ends, or ended */
	size_t size;
	char *statement;
	char buffers[];
} * connections[CONNECTIONS_MAX];
static unsigned used, count;

SITE static struct connection *connection_new(void)
{
	size_t size = random_size(&rng, 16384, 65536);
	struct connection *connection = filled(malloc(sizeof(*connection) + size), sizeof(*connection) + size);

	connection->size = size;
	connection->statement = NULL;
	return connection;
}

SITE static char *prepare(void)
{
	size_t size = random_size(&rng, 200, 5000);

	return filled(malloc(size), size);
}

static void query(double now)
{
	struct connection *connection;

	if (used == CONNECTIONS_MAX)
		return;
	if (used == count)
		connections[count++] = connection_new();
	connection = connections[used++];
	connection->until = now + 0.05 + random_exponential(&rng, 0.25);
	connection->statement = prepare();
	memcpy(connection->buffers, connection->statement, 200);
	work(40);
}

static void end_query(unsigned i)
{
	struct connection *connection = connections[i];

	free(connection->statement);
	connections[i] = connections[--used];
	connections[used] = connection;
}

static void end_queries(double now)
{
	for (unsigned i = used; i-- > 0;)
		if (connections[i]->until <= now)
			end_query(i);
}

static void close_idle(double now)
{
	for (unsigned i = used; i < count && count > KEPT;) {
		if (connections[i]->until + IDLE > now) {
			i++;
			continue;
		}
		free(connections[i]);
		count--;
		memmove(&connections[i], &connections[i + 1], (count - i) * sizeof(connections[0]));
	}
}

SITE static char *row_new(void)
{
	size_t size = random_size(&rng, 40, 2000);

	return filled(malloc(size), size);
}

static void fetch_row(void)
{
	char *row = row_new();

	work(15);
	free(row);
}

void program(void)
{
	double begins = random_about(&rng, 3);
	struct pace pace = pace_random(random_about(&rng, 400), &rng);

	while (next(&pace)) {
		end_queries(pace.now);
		close_idle(pace.now);
		if (random_chance(&rng, pace.now >= begins ? 0.2 : 0.025))
			query(pace.now);
		else
			fetch_row();
		if (pace.now >= begins + BUSY)
			begins += random_about(&rng, 11);
	}
}
