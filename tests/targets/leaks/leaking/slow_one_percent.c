/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A queue of messages of which 1 of 100 is taken out and never freed: about 5 KB/s of 500 KB/s that pass. */
#include "leaks.h"

enum { QUEUE = 64 };

const char *const leaking[] = {"message_new", NULL};

static struct message {
	size_t size;
	unsigned attempts;
	char text[];
} * queue[QUEUE];

SITE static struct message *message_new(size_t length)
{
	size_t size = sizeof(struct message) + length;
	struct message *message = filled(malloc(size), size);

	message->size = length;
	message->attempts = 0;
	return message;
}

SITE static char *encode(const struct message *message)
{
	char *encoded = checked(malloc(message->size * 4 / 3 + 4));

	memcpy(encoded, message->text, message->size);
	encoded[message->size * 4 / 3] = '\0';
	return encoded;
}

static void deliver(struct message *message)
{
	char *encoded = encode(message);

	work(10);
	free(encoded);
	/* One that was tried too often is given up, and nobody has it any more. */
	message->attempts += random_chance(&rng, 0.01) ? 8 : 1;
	if (message->attempts < 8)
		free(message);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 400), &rng);

	for (unsigned i = 0; next(&pace); i++) {
		struct message **place = &queue[i % QUEUE];

		if (*place)
			deliver(*place);
		*place = message_new(random_size(&rng, 200, 4000));
		work(10);
	}
}
