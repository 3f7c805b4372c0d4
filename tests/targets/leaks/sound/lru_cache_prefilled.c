/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A cache of sets of 8 entries, of which a new one replaces that not used for longest. It is filled before anything
 * else, with some 1.5 MB, and replaces about 250 entries a second.
 */
#include "leaks.h"

enum { WAYS = 8, SETS = 240, KEYS = 6000 };

const char *const leaking[] = {NULL};

static struct entry {
	uint64_t key, used;
	char *data;
} cache[SETS][WAYS];
static unsigned sets;
static uint64_t uses;

SITE static char *load(void)
{
	size_t size = random_size(&rng, 100, 3000);

	return filled(malloc(size), size);
}

static struct entry *oldest(struct entry *set)
{
	struct entry *least = set;

	for (unsigned i = 1; i < WAYS; i++)
		if (set[i].used < least->used)
			least = &set[i];
	return least;
}

static struct entry *find(uint64_t key)
{
	struct entry *set = cache[key % sets];

	for (unsigned i = 0; i < WAYS; i++)
		if (set[i].key == key)
			return &set[i];
	return NULL;
}

static void replace(struct entry *entry, uint64_t key)
{
	free(entry->data);
	entry->data = load();
	entry->key = key;
	entry->used = ++uses;
}

static void look_up(uint64_t key)
{
	struct entry *entry = find(key);

	work(20);
	if (entry)
		entry->used = ++uses;
	else
		replace(oldest(cache[key % sets]), key);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 350), &rng);

	sets = (unsigned)random_about(&rng, SETS / 1.2);
	for (uint64_t key = 0; key < WAYS * sets; key++)
		replace(&cache[key % sets][key / sets], key);
	while (next(&pace))
		look_up(random_below(&rng, KEYS));
}
