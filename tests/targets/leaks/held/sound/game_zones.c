/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A game whose world is 16 by 16 zones. Each of five players goes around a circle of its own in 7 to 12 s; the zones
 * around a player are loaded when they are needed, and freed when no player was near for 1 s. The terrain of a zone is
 * of 4 to 24 KB; about 110 of the 256 zones are there at a time.
 */
#include "leaks.h"

enum { SIDE = 16, PLAYERS = 5, OBJECTS = 8 };

const char *const leaking[] = {NULL};

static struct zone {
	double seen;
	char *terrain;
	void *objects[OBJECTS];
} * zones[SIDE][SIDE];
static double periods[PLAYERS];

SITE static struct zone *zone_new(void)
{
	return checked(calloc(1, sizeof(struct zone)));
}

SITE static char *terrain_new(void)
{
	size_t size = random_size(&rng, 4000, 24000);

	return filled(malloc(size), size);
}

SITE static void *object_new(void)
{
	size_t size = random_size(&rng, 50, 500);

	return filled(malloc(size), size);
}

static struct zone *load(void)
{
	struct zone *zone = zone_new();

	zone->terrain = terrain_new();
	for (unsigned i = 0; i < OBJECTS; i++)
		zone->objects[i] = object_new();
	return zone;
}

static void unload(struct zone *zone)
{
	for (unsigned i = 0; i < OBJECTS; i++)
		free(zone->objects[i]);
	free(zone->terrain);
	free(zone);
}

static void see(struct zone **zone, double now)
{
	void **object;

	if (!*zone)
		*zone = load();
	(*zone)->seen = now;
	object = &(*zone)->objects[random_below(&rng, OBJECTS)];
	free(*object);
	*object = object_new();
}

/* From 0 to SIDE - 1 and back, by the phase: a rhombus, with another phase for the other axis. */
static int position(double phase)
{
	double part = phase - (double)(unsigned)phase;

	return (int)((part < 0.5 ? 2 * part : 2 - 2 * part) * (SIDE - 1));
}

static void move(double now, double period)
{
	int x = position(now / period), y = position(now / period + 0.25 + period);

	for (int i = x - 1; i <= x + 1; i++)
		for (int j = y - 1; j <= y + 1; j++)
			if (i >= 0 && i < SIDE && j >= 0 && j < SIDE)
				see(&zones[i][j], now);
}

static void sweep(struct zone **row, double now)
{
	for (unsigned i = 0; i < SIDE; i++) {
		if (row[i] && row[i]->seen + 1 < now) {
			unload(row[i]);
			row[i] = NULL;
		}
	}
}

void program(void)
{
	unsigned steps = 0;
	struct pace pace = pace_regular(100);

	for (unsigned i = 0; i < PLAYERS; i++)
		periods[i] = 7 + 5 * random_unit(&rng);
	while (next(&pace)) {
		move(pace.now, periods[steps % PLAYERS]);
		sweep(zones[steps % SIDE], pace.now);
		work(20);
		steps++;
	}
}
