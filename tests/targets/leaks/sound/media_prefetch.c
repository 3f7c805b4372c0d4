/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A player that reads ahead of what it plays, up to 2.5 MB, some 4 s after the start: then it waits until there are but
 * 1.5 MB. About every 11 s it is told to go elsewhere, drops what it has, and reads anew.
 */
#include "leaks.h"

enum { LOW = 1500000, HIGH = 2500000 };

const char *const leaking[] = {NULL};

static struct chunk {
	struct chunk *next;
	size_t size;
	char data[];
} * first, **last = &first;
static size_t ahead;

SITE static struct chunk *chunk_new(void)
{
	size_t size = random_size(&rng, 8000, 48000);
	struct chunk *chunk = filled(malloc(sizeof(*chunk) + size), sizeof(*chunk) + size);

	chunk->next = NULL;
	chunk->size = size;
	return chunk;
}

static void fetch(void)
{
	struct chunk *chunk = chunk_new();

	*last = chunk;
	last = &chunk->next;
	ahead += chunk->size;
}

static struct chunk *take(void)
{
	struct chunk *chunk = first;

	if (!(first = chunk->next))
		last = &first;
	ahead -= chunk->size;
	return chunk;
}

static void drop_all(void)
{
	while (first)
		free(take());
}

SITE static char *samples_new(size_t size)
{
	return filled(malloc(size), size);
}

static void play(void)
{
	struct chunk *chunk = take();
	char *samples = samples_new(chunk->size);

	memcpy(samples, chunk->data, chunk->size);
	work(300);
	free(samples);
	free(chunk);
}

void program(void)
{
	double period = random_about(&rng, 11), due = period;
	bool fetching = true;
	struct pace pace = pace_random(random_about(&rng, 90), &rng);

	while (next(&pace)) {
		if (fetching && random_chance(&rng, 0.5))
			fetch();
		if (first && random_chance(&rng, 0.17))
			play();
		fetching = fetching ? ahead < HIGH : ahead < LOW;
		if (pace.now >= due) {
			drop_all();
			due += period;
		}
	}
}
