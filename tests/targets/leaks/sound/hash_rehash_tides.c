/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hash table of 400 to 1600 entries, more and fewer in turn about every 8 s. It is made larger and smaller on the
 * way, little by little: for a while there are two tables, and each operation moves some buckets to the other.
 */
#include "leaks.h"

enum { ENTRIES_MIN = 400, ENTRIES_MAX = 1600, SIZE_MIN = 256 };

const char *const leaking[] = {NULL};

struct entry {
	struct entry *next;
	uint64_t hash;
	char value[];
};

static struct table {
	struct entry **buckets;
	size_t size;
} now_used, former; /* the former is empty, but while it is moved */
static size_t moved, count;

SITE static struct entry **buckets_new(size_t size)
{
	return checked(calloc(size, sizeof(struct entry *)));
}

SITE static struct entry *entry_new(void)
{
	size_t size = sizeof(struct entry) + random_size(&rng, 50, 1200);
	struct entry *entry = filled(malloc(size), size);

	entry->hash = random_u64(&rng);
	return entry;
}

static void put(struct entry *entry)
{
	struct entry **bucket = &now_used.buckets[entry->hash % now_used.size];

	entry->next = *bucket;
	*bucket = entry;
}

static void resize(size_t size)
{
	former = now_used;
	now_used = (struct table){.buckets = buckets_new(size), .size = size};
	moved = 0;
}

static void move_one(void)
{
	struct entry *entry = former.buckets[moved];

	former.buckets[moved] = NULL;
	for (struct entry *after; entry; entry = after) {
		after = entry->next;
		put(entry);
	}
	if (++moved < former.size)
		return;
	free(former.buckets);
	former = (struct table){0};
}

static void move_some(void)
{
	for (unsigned i = 0; i < 4 && former.buckets; i++)
		move_one();
	if (former.buckets)
		return;
	if (count > now_used.size)
		resize(2 * now_used.size);
	else if (now_used.size > SIZE_MIN && count < now_used.size * 2 / 5)
		resize(now_used.size / 2);
}

static void insert(void)
{
	put(entry_new());
	count++;
}

static bool remove_from(const struct table *table)
{
	struct entry **bucket = &table->buckets[random_below(&rng, table->size)], *entry = *bucket;

	if (!entry)
		return false;
	*bucket = entry->next;
	free(entry);
	count--;
	return true;
}

static void remove_any(void)
{
	while (!remove_from(former.buckets && random_chance(&rng, 0.5) ? &former : &now_used))
		;
}

/* A triangle over the period. */
static size_t wanted(double now, double period)
{
	double phase = now / period, part = phase - (unsigned)phase, height = part < 0.5 ? 2 * part : 2 - 2 * part;

	return ENTRIES_MIN + (size_t)(height * (ENTRIES_MAX - ENTRIES_MIN));
}

void program(void)
{
	double period = random_about(&rng, 8);
	struct pace pace = pace_random(450, &rng);

	resize(SIZE_MIN);
	while (next(&pace)) {
		move_some();
		if (count < wanted(pace.now, period))
			insert();
		else
			remove_any();
		work(15);
	}
}
