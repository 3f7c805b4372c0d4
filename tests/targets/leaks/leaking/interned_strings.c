/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names that are interned for good, though most occur only once: about 100 new ones a second, 12 KB/s, in a table that
 * doubles when it is full.
 */
#include "leaks.h"

const char *const leaking[] = {"intern", NULL};

static struct name {
	struct name *next;
	uint64_t hash;
	char text[];
} * *table;
static size_t names, room;

static void rehash(struct name **into, size_t larger)
{
	for (size_t i = 0; i < room; i++) {
		for (struct name *name = table[i], *following; name; name = following) {
			following = name->next;
			name->next = into[name->hash % larger];
			into[name->hash % larger] = name;
		}
	}
}

static struct name *find(uint64_t hash)
{
	struct name *name = room ? table[hash % room] : NULL;

	while (name && name->hash != hash)
		name = name->next;
	return name;
}

SITE static void intern(uint64_t hash, const char *text, size_t length)
{
	struct name *name = checked(malloc(sizeof(*name) + length));

	if (names == room) {
		size_t larger = room ? 2 * room : 256;
		struct name **into = checked(calloc(larger, sizeof(*into)));

		rehash(into, larger);
		free(table);
		table = into;
		room = larger;
	}
	memcpy(name->text, text, length);
	name->hash = hash;
	name->next = table[hash % room];
	table[hash % room] = name;
	names++;
}

SITE static char *read_name(size_t length)
{
	return filled(malloc(length), length);
}

static void handle(void)
{
	uint64_t hash = random_chance(&rng, 0.3) ? random_u64(&rng) : random_size(&rng, 1, 200);
	size_t length = random_size(&rng, 16, 250);
	char *text = read_name(length);

	work(20);
	if (!find(hash))
		intern(hash, text, length);
	free(text);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 350), &rng);

	while (next(&pace))
		handle();
}
