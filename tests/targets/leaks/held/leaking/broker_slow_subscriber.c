/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A message broker with four subscribers of one topic, about 100 messages a second. A message is freed when all have
 * read it; but one of them reads only 87 % as fast as messages come, so that it lags ever more behind: every message is
 * freed at last, but ever later, and the log grows by about 8 KB/s.
 */
#include "leaks.h"

enum { SUBSCRIBERS = 4 };

const char *const leaking[] = {"message_new", NULL};

struct message {
	struct message *next;
	unsigned readers; /* that have not read it yet */
	char payload[];
};

static struct message *newest;
static struct message *at[SUBSCRIBERS]; /* the latest that each has read */

SITE static struct message *message_new(void)
{
	size_t size = sizeof(struct message) + random_size(&rng, 100, 2000);
	struct message *message = filled(malloc(size), size);

	message->next = NULL;
	message->readers = SUBSCRIBERS;
	return message;
}

SITE static char *frame_new(void)
{
	size_t size = random_size(&rng, 64, 3000);

	return filled(malloc(size), size);
}

static void publish(void)
{
	struct message *message = message_new();

	newest->next = message;
	newest = message;
}

/* A message is done with when the last subscriber goes on from it. */
static void receive(unsigned subscriber)
{
	struct message *read = at[subscriber];
	char *frame;

	if (!read->next)
		return;
	frame = frame_new();
	at[subscriber] = read->next;
	work(10);
	if (!--read->readers)
		free(read);
	free(frame);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 100), &rng);

	newest = message_new();
	for (unsigned i = 0; i < SUBSCRIBERS; i++)
		at[i] = newest;
	while (next(&pace)) {
		publish();
		for (unsigned i = 0; i < SUBSCRIBERS - 1; i++) {
			unsigned subscriber = (unsigned)random_below(&rng, SUBSCRIBERS - 1);

			receive(subscriber);
			receive(subscriber);
		}
		if (random_chance(&rng, 0.87))
			receive(SUBSCRIBERS - 1);
	}
}
