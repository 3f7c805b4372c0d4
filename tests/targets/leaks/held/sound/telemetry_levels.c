/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An agent that keeps what it measures in ever coarser levels. The finest has the latest 30 chunks; when it is full,
 * its two oldest are merged into one of the next, and so on; the last of the four levels drops its oldest. 150 chunks
 * at most, all there after some 6 s.
 */
#include "leaks.h"

enum { LEVELS = 4, CHUNKS_MAX = 30, LAST_MAX = 50 };

const char *const leaking[] = {NULL};

struct chunk {
	size_t size;
	char samples[];
};

static struct level {
	unsigned count;
	struct chunk *chunks[LAST_MAX]; /* the oldest first */
} levels[LEVELS];

SITE static struct chunk *chunk_new(void)
{
	size_t size = random_size(&rng, 200, 3000);
	struct chunk *chunk = filled(malloc(sizeof(*chunk) + size), sizeof(*chunk) + size);

	chunk->size = size;
	return chunk;
}

/* Of every other sample, so that it is as large as one of them, more or less. */
SITE static struct chunk *merge(const struct chunk *first, const struct chunk *second)
{
	size_t size = (first->size + second->size) / 2;
	struct chunk *chunk = filled(malloc(sizeof(*chunk) + size), sizeof(*chunk) + size);

	chunk->size = size;
	return chunk;
}

SITE static char *reading_new(void)
{
	size_t size = random_size(&rng, 50, 1000);

	return filled(malloc(size), size);
}

static struct chunk *take_oldest(struct level *level)
{
	struct chunk *chunk = level->chunks[0];

	memmove(level->chunks, level->chunks + 1, --level->count * sizeof(struct chunk *));
	return chunk;
}

static void add(struct chunk *chunk)
{
	for (unsigned i = 0; i < LEVELS - 1; i++) {
		struct level *level = &levels[i];
		struct chunk *first, *second;

		level->chunks[level->count++] = chunk;
		if (level->count < CHUNKS_MAX)
			return;
		first = take_oldest(level);
		second = take_oldest(level);
		chunk = merge(first, second);
		free(first);
		free(second);
	}
	if (levels[LEVELS - 1].count == LAST_MAX)
		free(take_oldest(&levels[LEVELS - 1]));
	levels[LEVELS - 1].chunks[levels[LEVELS - 1].count++] = chunk;
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 170), &rng);

	while (next(&pace)) {
		char *reading = reading_new();

		work(15);
		if (random_chance(&rng, 0.7))
			add(chunk_new());
		free(reading);
	}
}
