/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A DNS resolver whose cache drops a record only when its name is asked for again after its time. A few hundred names
 * are asked for all the time; but 1 of 7 queries is for a random name below one of them, that never comes again: about
 * 35 such records a second stay, 14 KB/s.
 */
#include "leaks.h"

enum { BUCKETS = 2048, NAMES = 400 };

const char *const leaking[] = {"record_new", NULL};

static struct record {
	struct record *next;
	uint64_t name;
	double expires;
	char data[];
} * buckets[BUCKETS];

SITE static struct record *record_new(uint64_t name, double now)
{
	size_t size = sizeof(struct record) + random_size(&rng, 60, 900);
	struct record *record = filled(malloc(size), size);

	record->name = name;
	record->expires = now + 0.2 + random_exponential(&rng, 1.5);
	return record;
}

SITE static char *packet_new(void)
{
	size_t size = random_size(&rng, 64, 1400);

	return filled(malloc(size), size);
}

static struct record **find(uint64_t name)
{
	struct record **place = &buckets[name % BUCKETS];

	while (*place && (*place)->name != name)
		place = &(*place)->next;
	return place;
}

static void ask_upstream(struct record **place, uint64_t name, double now)
{
	struct record *record = record_new(name, now);

	work(20);
	record->next = *place;
	*place = record;
}

static void resolve(uint64_t name, double now)
{
	struct record **place = find(name), *record = *place;

	if (record && record->expires > now)
		return;
	if (record) {
		*place = record->next;
		free(record);
	}
	ask_upstream(place, name, now);
}

static uint64_t any_name(void)
{
	if (random_chance(&rng, 0.14))
		return random_u64(&rng) | UINT64_C(1) << 63;
	return random_size(&rng, 1, NAMES);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 250), &rng);

	while (next(&pace)) {
		char *packet = packet_new();

		resolve(any_name(), pace.now);
		free(packet);
	}
}
