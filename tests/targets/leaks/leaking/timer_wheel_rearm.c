/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A timer wheel with the keepalives of 40 lasting connections. A timer that fires is freed, and a new one set for the
 * same connection, within 3 s. But traffic too sets a new one, some 17 times a second, and the one before is not
 * cancelled: so there are ever more timers, by about 9 KB/s, though none of them is old.
 */
#include "leaks.h"

enum { CONNECTIONS = 40, SLOTS = 64 };

const char *const leaking[] = {"timer_new", NULL};

struct timer {
	struct timer *next;
	unsigned connection;
	char packet[];
};

static struct timer *wheel[SLOTS];
static unsigned current;
static uint64_t pings[CONNECTIONS];

SITE static struct timer *timer_new(unsigned connection)
{
	struct timer *timer = checked(calloc(1, sizeof(*timer) + random_size(&rng, 300, 900)));

	timer->connection = connection;
	return timer;
}

static void arm(unsigned connection)
{
	struct timer *timer = timer_new(connection), **slot = &wheel[(current + 30 + random_below(&rng, 30)) % SLOTS];

	timer->next = *slot;
	*slot = timer;
}

static void fire(struct timer *timer)
{
	pings[timer->connection]++;
	memset(timer->packet, 'p', 300);
	arm(timer->connection);
	free(timer);
}

static void tick(void)
{
	struct timer *timer = wheel[current];

	wheel[current] = NULL;
	for (struct timer *after; timer; timer = after) {
		after = timer->next;
		fire(timer);
	}
	current = (current + 1) % SLOTS;
}

SITE static char *packet_new(void)
{
	size_t size = random_size(&rng, 40, 1500);

	return filled(malloc(size), size);
}

static void traffic(void)
{
	char *packet = packet_new();

	work(30);
	if (random_chance(&rng, 0.07))
		arm((unsigned)random_below(&rng, CONNECTIONS));
	free(packet);
}

void program(void)
{
	double due = 0;
	struct pace pace = pace_random(random_about(&rng, 250), &rng);

	while (next(&pace)) {
		traffic();
		for (; pace.now >= due; due += 0.05)
			tick();
	}
}
