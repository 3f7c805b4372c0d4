/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A cache that replaces its least recently used entry by each new one, and was filled at the start: some 2 MB. Of the
 * entries evicted, 2 % are not freed: about 7 KB/s, at the site where the whole cache is allocated.
 */
#include "leaks.h"

enum { KEYS = 20000 };

const char *const leaking[] = {"entry_new", NULL};

struct entry {
	struct entry *before, *after; /* in the order of use */
	size_t key, size;
	char data[];
};

static struct entry *by_key[KEYS];
static struct entry *oldest, *newest;
static unsigned entries, capacity;

SITE static struct entry *entry_new(size_t key)
{
	size_t size = sizeof(struct entry) + random_size(&rng, 64, 4096);
	struct entry *entry = filled(malloc(size), size);

	entry->key = key;
	entry->size = size - sizeof(*entry);
	return entry;
}

static void append(struct entry *entry)
{
	entry->before = newest;
	entry->after = NULL;
	*(newest ? &newest->after : &oldest) = entry;
	newest = entry;
}

static void take(struct entry *entry)
{
	*(entry->before ? &entry->before->after : &oldest) = entry->after;
	*(entry->after ? &entry->after->before : &newest) = entry->before;
}

static void evict(void)
{
	struct entry *entry = oldest;

	take(entry);
	by_key[entry->key] = NULL;
	if (!random_chance(&rng, 0.02))
		free(entry);
}

static void insert(size_t key)
{
	if (entries < capacity)
		entries++;
	else
		evict();
	append(by_key[key] = entry_new(key));
}

static void look_up(void)
{
	size_t key = random_below(&rng, KEYS);

	work(20);
	if (by_key[key]) {
		take(by_key[key]);
		append(by_key[key]);
	} else {
		insert(key);
	}
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 350), &rng);

	capacity = (unsigned)random_about(&rng, 2000);
	while (entries < capacity)
		look_up();
	while (next(&pace))
		look_up();
}
