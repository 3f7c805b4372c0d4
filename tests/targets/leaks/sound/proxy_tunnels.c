/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A proxy with 250 tunnels, all open from the start, each with two buffers and a name. They last for a minute on
 * average: about 4 a second close, whichever, and another opens for each. Beside them, requests of half a second.
 */
#include "leaks.h"

enum { TUNNELS = 250, REQUESTS = 40 };

const char *const leaking[] = {NULL};

static struct tunnel {
	char *up, *down, *name;
} tunnels[TUNNELS];

static char *requests[REQUESTS];

SITE static char *buffer_new(void)
{
	size_t size = random_size(&rng, 1024, 8192);

	return filled(malloc(size), size);
}

SITE static char *name_new(void)
{
	static const char name[] = "tunnel.example.org:443 (established by CONNECT)";

	return checked(strdup(name + random_below(&rng, 20)));
}

static void open_tunnel(struct tunnel *tunnel)
{
	*tunnel = (struct tunnel){.up = buffer_new(), .down = buffer_new(), .name = name_new()};
}

static void close_tunnel(struct tunnel *tunnel)
{
	free(tunnel->up);
	free(tunnel->down);
	free(tunnel->name);
}

static void relay(const struct tunnel *tunnel)
{
	memcpy(tunnel->down, tunnel->up, 1024);
	work(20);
}

SITE static char *request_new(void)
{
	size_t size = random_size(&rng, 300, 16000);

	return filled(malloc(size), size);
}

static void serve(void)
{
	char **request = &requests[random_below(&rng, REQUESTS)];

	free(*request);
	*request = request_new();
	work(40);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 280), &rng);

	for (unsigned i = 0; i < TUNNELS; i++)
		open_tunnel(&tunnels[i]);
	while (next(&pace)) {
		struct tunnel *tunnel = &tunnels[random_below(&rng, TUNNELS)];

		relay(tunnel);
		if (random_chance(&rng, 0.3))
			serve();
		if (random_chance(&rng, 0.015)) {
			close_tunnel(tunnel);
			open_tunnel(tunnel);
		}
	}
}
