/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A DNS resolver that keeps each record for its time to live, of 0.2 to 7 s, short ones far more often, and looks at a
 * part of its table in each step to free those that are over. About 100 new ones a second, and 700 at most, from 7 s
 * on.
 */
#include "leaks.h"

enum { BUCKETS = 256, SWEPT = 8, SHORTEST = 200, LONGEST = 7000 };

const char *const leaking[] = {NULL};

static struct record {
	struct record *next;
	double expires;
	char data[];
} * buckets[BUCKETS];

SITE static struct record *record_new(double now)
{
	size_t size = sizeof(struct record) + random_size(&rng, 60, 3000);
	struct record *record = filled(malloc(size), size);

	record->expires = now + (double)random_size(&rng, SHORTEST, LONGEST) / 1000;
	return record;
}

SITE static char *packet_new(void)
{
	size_t size = random_size(&rng, 64, 1400);

	return filled(malloc(size), size);
}

static void sweep(struct record **place, double now)
{
	for (struct record *record; (record = *place);) {
		if (record->expires <= now) {
			*place = record->next;
			free(record);
		} else {
			place = &record->next;
		}
	}
}

static void resolve(double now)
{
	struct record **bucket = &buckets[random_below(&rng, BUCKETS)];
	struct record *record = record_new(now);

	record->next = *bucket;
	*bucket = record;
}

void program(void)
{
	unsigned hand = 0;
	struct pace pace = pace_random(random_about(&rng, 250), &rng);

	while (next(&pace)) {
		char *packet = packet_new();

		if (random_chance(&rng, 0.4))
			resolve(pace.now);
		for (unsigned i = 0; i < SWEPT; i++)
			sweep(&buckets[hand++ % BUCKETS], pace.now);
		work(20);
		free(packet);
	}
}
