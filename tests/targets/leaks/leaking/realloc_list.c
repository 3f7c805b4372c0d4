/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An array of events that is only appended to, and grows by 64 of them at a time with realloc: about 19 KB/s. */
#include "leaks.h"

enum { GROWTH = 64, PENDING = 128 };

const char *const leaking[] = {"append", NULL};

static struct event {
	double at;
	size_t size;
	char kind[32];
} * events;
static size_t count, room;
static char *pending[PENDING]; /* what the latest events came with */

SITE static struct event *append(void)
{
	if (count == room) {
		room += GROWTH;
		events = checked(realloc(events, room * sizeof(*events)));
	}
	return &events[count++];
}

SITE static char *receive(size_t size)
{
	return filled(malloc(size), size);
}

SITE static char *decode(const char *payload, size_t size)
{
	char *decoded = filled(malloc(size * 2), size * 2);

	memcpy(decoded, payload, size);
	return decoded;
}

static void record(double now, const char *decoded, size_t size)
{
	struct event *event = append();

	event->at = now;
	event->size = size;
	memcpy(event->kind, decoded, sizeof(event->kind));
}

static void handle(double now)
{
	char **place = &pending[count % PENDING], *decoded;
	size_t size = random_size(&rng, 64, 4096);

	free(*place);
	*place = receive(size);
	decoded = decode(*place, size);
	work(25);
	record(now, decoded, size);
	free(decoded);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 400), &rng);

	while (next(&pace))
		handle(pace.now);
}
