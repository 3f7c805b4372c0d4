/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client that resolves a name before it connects, about 25 times a second. The resolver's result is a list of
 * addresses, of which the client frees the head, as if it were all: about 6 KB/s.
 */
#include "leaks.h"

enum { ADDRESSES_MAX = 5, REQUESTS = 60 };

const char *const leaking[] = {"address_new", NULL};

struct address {
	struct address *next;
	unsigned char bytes[28];
	char canonical_name[];
};

static char *requests[REQUESTS]; /* the latest, until they are answered */
static unsigned requested;

SITE static struct address *address_new(const char *answer)
{
	size_t length = random_size(&rng, 20, 255);
	struct address *address = filled(malloc(sizeof(*address) + length), sizeof(*address) + length);

	memcpy(address->bytes, answer, sizeof(address->bytes));
	return address;
}

SITE static char *receive_answer(void)
{
	size_t size = random_size(&rng, 100, 4096);

	return filled(malloc(size), size);
}

static struct address *resolve(void)
{
	char *answer = receive_answer();
	struct address *first = NULL, **last = &first;

	work(20);
	for (uint64_t i = 1 + random_below(&rng, ADDRESSES_MAX); i; i--) {
		*last = address_new(answer);
		last = &(*last)->next;
	}
	*last = NULL;
	free(answer);
	return first;
}

static void connect_one(void)
{
	struct address *addresses = resolve();

	work(25);
	free(addresses);
}

SITE static char *request_new(void)
{
	size_t size = random_size(&rng, 150, 3000);

	return filled(malloc(size), size);
}

static void request(void)
{
	char **place = &requests[requested++ % REQUESTS];

	free(*place);
	*place = request_new();
	work(20);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 300), &rng);

	while (next(&pace)) {
		if (random_chance(&rng, 0.08))
			connect_one();
		request();
	}
}
