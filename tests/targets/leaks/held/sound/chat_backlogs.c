/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A chat of 60 rooms, each with its latest 20 messages, which are read from the archive at the start. Some rooms are
 * busy and in some hardly anybody speaks, so that messages stay for a fraction of a second or for the whole run; but
 * each that comes takes the place of its room's oldest. 1200 messages, some 600 KB.
 */
#include "leaks.h"

enum { ROOMS = 60, KEPT = 20 };

const char *const leaking[] = {NULL};

static struct room {
	unsigned oldest;
	char *messages[KEPT];
} rooms[ROOMS];

SITE static char *message_new(void)
{
	size_t size = random_size(&rng, 40, 2000);

	return filled(malloc(size), size);
}

SITE static char *history_new(void)
{
	size_t size = random_size(&rng, 2000, 20000);

	return filled(malloc(size), size);
}

static void say(struct room *room)
{
	char **message = &room->messages[room->oldest++ % KEPT];

	free(*message);
	*message = message_new();
}

static void show(void)
{
	char *history = history_new();

	work(30);
	free(history);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 220), &rng);

	for (unsigned i = 0; i < ROOMS * KEPT; i++)
		say(&rooms[i % ROOMS]);
	while (next(&pace)) {
		say(&rooms[random_size(&rng, 1, ROOMS) - 1]);
		if (random_chance(&rng, 0.2))
			show();
	}
}
