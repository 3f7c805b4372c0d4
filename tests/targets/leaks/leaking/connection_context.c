/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections by socket pairs: about 25 a second come, and live for a second or so. Those that end by an error, 15 %,
 * are closed without their context: about 9 KB/s.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "leaks.h"

enum { CONNECTIONS = 200, MESSAGE_MAX = 2048 };

const char *const leaking[] = {"context_new", NULL};

struct context {
	unsigned messages;
	char scratch[];
};

static struct connection {
	int server, client;
	double ends;
	struct context *context;
} connections[CONNECTIONS];
static unsigned connected;

SITE static struct context *context_new(void)
{
	size_t size = random_size(&rng, 1024, 6144);
	struct context *context = filled(malloc(size), size);

	context->messages = 0;
	return context;
}

static void connect_one(double now)
{
	struct connection *connection = &connections[connected];
	int sockets[2];

	if (connected == CONNECTIONS)
		return;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets))
		fail("no sockets");
	connection->server = sockets[0];
	connection->client = sockets[1];
	connection->ends = now + random_exponential(&rng, 1);
	connection->context = context_new();
	connected++;
}

static void disconnect(struct connection *connection)
{
	close(connection->server);
	close(connection->client);
	if (!random_chance(&rng, 0.15))
		free(connection->context);
	*connection = connections[--connected];
}

SITE static char *receive(const struct connection *connection, size_t size)
{
	char *message = checked(malloc(size));

	if (read(connection->server, message, size) != (ssize_t)size)
		fail("a message is lost");
	return message;
}

static void exchange(struct connection *connection)
{
	static const char text[MESSAGE_MAX];
	size_t size = random_size(&rng, 16, MESSAGE_MAX);
	char *message;

	if (write(connection->client, text, size) != (ssize_t)size)
		fail("cannot send a message");
	message = receive(connection, size);
	work(15);
	connection->context->messages++;
	free(message);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 250), &rng);

	while (next(&pace)) {
		if (random_chance(&rng, 0.1))
			connect_one(pace.now);
		for (unsigned i = connected; i-- > 0;)
			if (connections[i].ends <= pace.now)
				disconnect(&connections[i]);
		if (connected)
			exchange(&connections[random_below(&rng, connected)]);
	}
}
