/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Settings of some 500 entries in sections, which are read anew about every 8 s: the new generation is complete before
 * it replaces the old, which then is freed.
 */
#include "leaks.h"

enum { SECTIONS = 20, ENTRIES = 25 };

const char *const leaking[] = {NULL};

struct entry {
	struct entry *next;
	size_t size;
	char value[];
};

static struct generation {
	unsigned number;
	struct entry *sections[SECTIONS];
} * settings;

SITE static struct entry *entry_new(struct entry *next)
{
	size_t size = sizeof(struct entry) + random_size(&rng, 24, 1500);
	struct entry *entry = filled(malloc(size), size);

	entry->size = size - sizeof(*entry);
	entry->next = next;
	return entry;
}

SITE static struct generation *generation_new(void)
{
	return checked(calloc(1, sizeof(struct generation)));
}

static struct generation *read_settings(void)
{
	struct generation *generation = generation_new();

	for (unsigned i = 0; i < SECTIONS; i++) {
		for (unsigned n = (unsigned)random_about(&rng, ENTRIES); n; n--) {
			generation->sections[i] = entry_new(generation->sections[i]);
			work(10);
		}
	}
	return generation;
}

static void generation_free(struct generation *generation)
{
	if (!generation)
		return;
	for (unsigned i = 0; i < SECTIONS; i++) {
		for (struct entry *entry = generation->sections[i], *following; entry; entry = following) {
			following = entry->next;
			free(entry);
		}
	}
	free(generation);
}

static void reload(void)
{
	struct generation *old = settings;

	settings = read_settings();
	settings->number = old ? old->number + 1 : 0;
	generation_free(old);
}

SITE static char *answer_new(size_t size)
{
	return filled(malloc(size), size);
}

static void serve(void)
{
	const struct entry *entry = settings->sections[random_below(&rng, SECTIONS)];
	char *answer = answer_new(random_size(&rng, 100, 3000) + entry->size);

	memcpy(answer, entry->value, entry->size);
	work(20);
	free(answer);
}

void program(void)
{
	double period = random_about(&rng, 8), due = 0;
	struct pace pace = pace_random(random_about(&rng, 350), &rng);

	while (next(&pace)) {
		if (pace.now >= due) {
			reload();
			due += period;
		}
		serve();
	}
}
