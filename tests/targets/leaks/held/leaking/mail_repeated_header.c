/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A mail server that reads the known headers of a message into a table, some 10 messages at a time. When a header
 * occurs for the second time, its value takes the place of the first, which is not freed; all that are in the table are
 * freed when the message is delivered. About 20 values a second are lost, 8 KB/s of 100 KB/s.
 */
#include "leaks.h"

enum { HEADERS = 40, MESSAGES = 10 };

const char *const leaking[] = {"value_new", NULL};

static struct message {
	unsigned lines; /* still to come */
	char *headers[HEADERS];
	char *body;
} * messages[MESSAGES];

SITE static char *value_new(void)
{
	size_t size = random_size(&rng, 40, 1600);

	return filled(malloc(size), size);
}

SITE static char *body_new(void)
{
	size_t size = random_size(&rng, 500, 60000);

	return filled(malloc(size), size);
}

SITE static struct message *message_new(void)
{
	struct message *message = checked(calloc(1, sizeof(*message)));

	message->lines = 3 + (unsigned)random_below(&rng, 6);
	return message;
}

static void read_header(struct message *message)
{
	message->headers[random_below(&rng, HEADERS)] = value_new();
	message->lines--;
}

static void deliver(struct message *message)
{
	message->body = body_new();
	work(50);
	for (unsigned i = 0; i < HEADERS; i++)
		free(message->headers[i]);
	free(message->body);
	free(message);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 300), &rng);

	while (next(&pace)) {
		struct message **message = &messages[random_below(&rng, MESSAGES)];

		if (!*message)
			*message = message_new();
		read_header(*message);
		if (!(*message)->lines) {
			deliver(*message);
			*message = NULL;
		}
	}
}
