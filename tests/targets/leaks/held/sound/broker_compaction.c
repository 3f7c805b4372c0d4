/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A topic of a message broker that keeps the latest value of each of 250 keys. Values are appended to a log, where the
 * older ones of a key stay until the log has between 600 and 1100 of them, by dice; then the live ones are copied to a
 * new log, and the old one is freed: every 3 to 6 s. Never more than 1350 values, some 700 KB.
 */
#include "leaks.h"

enum { KEYS = 250, LOG_MAX = 1100 };

const char *const leaking[] = {NULL};

struct value {
	size_t key, size;
	char data[];
};

static struct value **log_values;
static unsigned count, limit = 700;
static struct value *latest[KEYS];

SITE static struct value *value_new(size_t key)
{
	size_t size = sizeof(struct value) + random_size(&rng, 60, 2500);
	struct value *value = filled(malloc(size), size);

	value->key = key;
	value->size = size;
	return value;
}

SITE static struct value *value_copy(const struct value *value)
{
	return memcpy(checked(malloc(value->size)), value, value->size);
}

SITE static struct value **log_new(void)
{
	return checked(calloc(LOG_MAX, sizeof(*log_values)));
}

static void append(struct value *value)
{
	log_values[count++] = value;
	latest[value->key] = value;
}

static void compact(void)
{
	struct value **before = log_values;
	unsigned counted = count;

	log_values = log_new();
	count = 0;
	for (unsigned i = 0; i < counted; i++) {
		if (latest[before[i]->key] == before[i])
			append(value_copy(before[i]));
		free(before[i]);
	}
	free(before);
	limit = 600 + (unsigned)random_below(&rng, LOG_MAX - 600);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 150), &rng);

	log_values = log_new();
	while (next(&pace)) {
		append(value_new(random_size(&rng, 1, KEYS) - 1));
		work(20);
		if (count >= limit)
			compact();
	}
}
