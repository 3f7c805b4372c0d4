/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The spool of a mail server: 150 messages at all times, of 500 bytes to 200 KB, large ones rarely. Each new one takes
 * the place of one that was delivered, usually one of the latest 20, but 1 of 4 times any: some messages stay for long.
 * 30 MB at the very most, 5 MB on average.
 */
#include "leaks.h"

enum { SPOOLED = 150, LATEST = 20 };

const char *const leaking[] = {NULL};

static struct message {
	char *envelope, *text;
} spool[SPOOLED];

SITE static char *envelope_new(void)
{
	size_t size = random_size(&rng, 60, 600);

	return filled(malloc(size), size);
}

SITE static char *text_new(void)
{
	size_t size = random_size(&rng, 500, 200000);

	return filled(malloc(size), size);
}

static void receive(struct message *message)
{
	message->envelope = envelope_new();
	message->text = text_new();
}

static void deliver(struct message *message)
{
	free(message->envelope);
	free(message->text);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 70), &rng);

	for (unsigned i = 0; i < SPOOLED; i++)
		receive(&spool[i]);
	while (next(&pace)) {
		struct message *message = &spool[random_below(&rng, random_chance(&rng, 0.25) ? SPOOLED : LATEST)];

		work(50);
		deliver(message);
		receive(message);
	}
}
