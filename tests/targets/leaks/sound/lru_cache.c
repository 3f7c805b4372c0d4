/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A cache by Zipf-like keys that evicts the entry that was not used for longest. It is full after about 8 s, with 2 MB,
 * and from then on takes a new entry for one evicted.
 */
#include "leaks.h"

enum { KEYS = 20000, CAPACITY = 1600 };

const char *const leaking[] = {NULL};

struct entry {
	struct entry *before, *after; /* in the order of use, in a ring */
	size_t key;
	char data[];
};

static struct entry *by_key[KEYS];
static struct entry ring = {.before = &ring, .after = &ring};
static unsigned entries, capacity;

SITE static struct entry *entry_new(size_t key)
{
	size_t size = sizeof(struct entry) + random_size(&rng, 128, 4096);
	struct entry *entry = filled(malloc(size), size);

	entry->key = key;
	return entry;
}

static void take(struct entry *entry)
{
	entry->before->after = entry->after;
	entry->after->before = entry->before;
}

static void put_newest(struct entry *entry)
{
	entry->before = ring.before;
	entry->after = &ring;
	ring.before->after = entry;
	ring.before = entry;
}

static void evict(void)
{
	struct entry *oldest = ring.after;

	take(oldest);
	by_key[oldest->key] = NULL;
	free(oldest);
	entries--;
}

SITE static char *query_new(size_t size)
{
	return filled(malloc(size), size);
}

static void look_up(void)
{
	size_t key = random_size(&rng, 1, KEYS) - 1;
	char *query = query_new(random_size(&rng, 32, 500));

	work(25);
	if (by_key[key]) {
		take(by_key[key]);
	} else {
		if (entries == capacity)
			evict();
		by_key[key] = entry_new(key);
		entries++;
	}
	put_newest(by_key[key]);
	free(query);
}

void program(void)
{
	struct pace pace = pace_random(450, &rng);

	capacity = (unsigned)random_about(&rng, CAPACITY);
	while (next(&pace))
		look_up();
}
