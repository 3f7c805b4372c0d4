/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests, each with an arena whose chunks double from 2 KiB on. All chunks are freed when the request is answered;
 * when the client has gone before that, 1 of 50, the request ends without: about 16 KB/s.
 */
#include "leaks.h"

enum { REQUESTS = 32, CHUNK_LEAST = 2048, CHUNK_MOST = 32768 };

const char *const leaking[] = {"chunk_new", NULL};

struct chunk {
	struct chunk *previous;
	size_t room, used;
	char data[];
};

static struct request {
	struct chunk *arena; /* its latest chunk */
	unsigned parts;      /* still to come */
} requests[REQUESTS];

SITE static struct chunk *chunk_new(struct chunk *previous)
{
	size_t room = previous ? 2 * previous->room : CHUNK_LEAST;
	struct chunk *chunk;

	if (room > CHUNK_MOST)
		room = CHUNK_MOST;
	chunk = checked(malloc(sizeof(*chunk) + room));
	*chunk = (struct chunk){.previous = previous, .room = room};
	return chunk;
}

static void *arena_get(struct request *request, size_t size)
{
	struct chunk *chunk = request->arena;

	while (!chunk || chunk->used + size > chunk->room)
		request->arena = chunk = chunk_new(chunk);
	chunk->used += size;
	return chunk->data + chunk->used - size;
}

static void arena_free(struct chunk *chunk)
{
	while (chunk) {
		struct chunk *previous = chunk->previous;

		free(chunk);
		chunk = previous;
	}
}

SITE static char *answer_new(void)
{
	size_t size = random_size(&rng, 500, 20000);

	return filled(malloc(size), size);
}

static void answer(struct request *request)
{
	char *text;

	if (random_chance(&rng, 0.02))
		return; /* nobody to send it to */
	text = answer_new();
	work(30);
	free(text);
	arena_free(request->arena);
}

static void serve(struct request *request)
{
	for (unsigned i = 0; i < 2; i++) {
		size_t size = random_size(&rng, 32, 4096);

		memset(arena_get(request, size), 'p', size);
	}
	work(20);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 400), &rng);

	while (next(&pace)) {
		struct request *request = &requests[random_below(&rng, REQUESTS)];

		if (!request->parts) {
			if (request->arena)
				answer(request);
			*request = (struct request){.parts = 1 + (unsigned)random_exponential(&rng, 9)};
		}
		serve(request);
		request->parts--;
	}
}
