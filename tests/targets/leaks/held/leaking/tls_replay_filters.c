/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TLS server that takes a new key for its tickets about every 3 s. With each key goes a filter against replays, made
 * when the key is: 16 tables. The keys before stay in a list, as there may be tickets by them, and nobody shortens that
 * list: some 55 KB for each key, so 18 KB/s, in bursts.
 */
#include "leaks.h"

enum { TABLES = 16, CONNECTIONS = 150 };

const char *const leaking[] = {"key_new", "table_new", NULL};

static struct key {
	struct key *previous;
	unsigned char secret[200];
	struct table {
		size_t size;
		unsigned char bits[];
	} * tables[TABLES];
} * keys;
static void *connections[CONNECTIONS];

SITE static struct key *key_new(void)
{
	return filled(malloc(sizeof(struct key)), sizeof(struct key));
}

SITE static struct table *table_new(void)
{
	size_t size = random_size(&rng, 1500, 6000);
	struct table *table = checked(calloc(1, sizeof(*table) + size));

	table->size = size;
	return table;
}

SITE static void *connection_new(void)
{
	size_t size = random_size(&rng, 1000, 17000);

	return filled(malloc(size), size);
}

SITE static void *hello_new(void)
{
	size_t size = random_size(&rng, 200, 1800);

	return filled(malloc(size), size);
}

static void rotate(void)
{
	struct key *key = key_new();

	for (unsigned i = 0; i < TABLES; i++)
		key->tables[i] = table_new();
	key->previous = keys;
	keys = key;
}

static void handshake(void **connection)
{
	void *hello = hello_new();
	struct table *table = keys->tables[random_below(&rng, TABLES)];

	table->bits[random_below(&rng, table->size)] ^= 1;
	work(50);
	free(hello);
	free(*connection);
	*connection = connection_new();
}

void program(void)
{
	double due = 0;
	struct pace pace = pace_random(random_about(&rng, 150), &rng);

	while (next(&pace)) {
		if (pace.now >= due) {
			rotate();
			due += random_about(&rng, 3);
		}
		handshake(&connections[random_below(&rng, CONNECTIONS)]);
	}
}
