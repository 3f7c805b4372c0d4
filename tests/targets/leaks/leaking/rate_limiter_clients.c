/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A gateway that limits how many requests a client may make, by a state for each address it has ever seen. The load
 * goes up and down every 12 s or so, and of the requests a fifth are from new addresses: from 6 to 25 KB/s.
 */
#include "leaks.h"

enum { BUCKETS = 2048, RECENT = 64 };

const char *const leaking[] = {"client_new", NULL};

static struct client {
	struct client *next;
	uint64_t address;
	double tokens, seen;
	char agent[];
} * clients[BUCKETS];

static uint64_t recent[RECENT];
static unsigned newest;

SITE static struct client *client_new(uint64_t address)
{
	struct client *client = checked(calloc(1, sizeof(*client) + random_size(&rng, 150, 900)));

	client->address = address;
	client->tokens = 10;
	memcpy(client->agent, "Mozilla/5.0", 11);
	return client;
}

static struct client *client_of(uint64_t address)
{
	struct client **bucket = &clients[address % BUCKETS], *client;

	for (client = *bucket; client; client = client->next)
		if (client->address == address)
			return client;
	client = client_new(address);
	client->next = *bucket;
	return *bucket = client;
}

static bool admit(struct client *client, double now)
{
	client->tokens += 2 * (now - client->seen);
	client->seen = now;
	if (client->tokens > 10)
		client->tokens = 10;
	if (client->tokens < 1)
		return false;
	client->tokens--;
	return true;
}

static uint64_t any_address(void)
{
	if (!random_chance(&rng, 0.2))
		return recent[random_below(&rng, RECENT)];
	return recent[newest++ % RECENT] = random_u64(&rng);
}

SITE static char *response_new(void)
{
	size_t size = random_size(&rng, 200, 12000);

	return filled(malloc(size), size);
}

static void request(double now)
{
	char *response;

	work(20);
	if (!admit(client_of(any_address()), now))
		return;
	response = response_new();
	work(50);
	free(response);
}

/* Requests a second: a triangle over the period. */
static double load(double now, double period)
{
	double phase = now / period, part = phase - (unsigned)phase;

	return 70 + 220 * (part < 0.5 ? 2 * part : 2 - 2 * part);
}

void program(void)
{
	double period = random_about(&rng, 12);
	struct pace pace = pace_random(load(0, period), &rng);

	while (next(&pace)) {
		request(pace.now);
		pace.rate = load(pace.now, period);
	}
}
