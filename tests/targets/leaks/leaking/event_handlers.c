/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Modules that register their handlers of events again whenever the settings are read, about every 1.5 s, while nobody
 * removes the ones before: about 6 KB/s. An event reaches the latest few of its kind.
 */
#include "leaks.h"

enum { KINDS = 24, REACHED = 4 };

const char *const leaking[] = {"register_handler", NULL};

static struct handler {
	struct handler *next;
	unsigned calls;
	char closure[];
} * handlers[KINDS];

SITE static void register_handler(unsigned kind)
{
	size_t size = sizeof(struct handler) + random_size(&rng, 64, 1024);
	struct handler *handler = filled(malloc(size), size);

	handler->calls = 0;
	handler->next = handlers[kind];
	handlers[kind] = handler;
}

SITE static char *read_settings(size_t size)
{
	return filled(malloc(size), size);
}

static void reload(void)
{
	char *settings = read_settings(random_size(&rng, 8192, 32768));

	for (unsigned kind = 0; kind < KINDS; kind++) {
		register_handler(kind);
		work(10);
	}
	free(settings);
}

SITE static void *event_new(size_t size)
{
	return filled(malloc(size), size);
}

static void dispatch(void)
{
	void *event = event_new(random_size(&rng, 48, 1024));
	struct handler *handler = handlers[random_below(&rng, KINDS)];

	for (unsigned i = 0; handler && i < REACHED; i++, handler = handler->next)
		handler->calls++;
	work(20);
	free(event);
}

void program(void)
{
	double period = random_about(&rng, 1.5), due = 0;
	struct pace pace = pace_random(random_about(&rng, 450), &rng);

	while (next(&pace)) {
		if (pace.now >= due) {
			reload();
			due += period;
		}
		dispatch();
	}
}
