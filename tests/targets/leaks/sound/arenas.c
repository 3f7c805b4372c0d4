/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests, some at a time, each with an arena of blocks of 8 KiB that grows as it is served, and goes at its end. */
#include "leaks.h"

enum { REQUESTS = 24, BLOCK_BYTES = 8192 };

const char *const leaking[] = {NULL};

struct block {
	struct block *previous;
	char room[BLOCK_BYTES - sizeof(struct block *)];
};

static struct request {
	struct block *block; /* the latest of its arena */
	size_t used;         /* of that */
	unsigned parts;      /* still to come */
} * requests[REQUESTS];

SITE static void arena_grow(struct request *request)
{
	struct block *block = filled(malloc(sizeof(*block)), sizeof(*block));

	block->previous = request->block;
	request->block = block;
	request->used = 0;
}

static void *arena_get(struct request *request, size_t size)
{
	if (!request->block || request->used + size > sizeof(request->block->room))
		arena_grow(request);
	request->used += size;
	return request->block->room + request->used - size;
}

static void arena_free(struct request *request)
{
	for (struct block *block = request->block, *previous; block; block = previous) {
		previous = block->previous;
		free(block);
	}
}

SITE static struct request *request_new(void)
{
	struct request *request = checked(calloc(1, sizeof(*request)));

	request->parts = 1 + (unsigned)random_exponential(&rng, 16);
	return request;
}

static void serve(struct request *request)
{
	for (unsigned i = 0; i < 3; i++) {
		size_t size = random_size(&rng, 16, 4096);

		memset(arena_get(request, size), 'p', size);
	}
	request->parts--;
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 400), &rng);

	while (next(&pace)) {
		struct request **request = &requests[random_below(&rng, REQUESTS)];

		if (!*request)
			*request = request_new();
		serve(*request);
		work(20);
		if (!(*request)->parts) {
			arena_free(*request);
			free(*request);
			*request = NULL;
		}
	}
}
