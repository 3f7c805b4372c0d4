/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Large blocks in turn with small ones that stay for longer: results, cut by realloc to what is left of the large block
 * in which they were computed. They keep apart what the large ones leave, and as those grow over time, they do not fit
 * there. So the heap grows, but the live bytes do not: of 3 MB of large blocks the oldest go, of 4000 results any. All
 * are there from the start.
 */
#include "leaks.h"

enum { LARGE_MAX = 1 << 16, LARGE_BYTES = 3 << 20, RESULTS = 4000 };

const char *const leaking[] = {NULL};

static struct large {
	size_t size;
	char data[];
} * larges[LARGE_MAX]; /* a ring */
static uint64_t made, freed;
static size_t large_bytes;
static void *results[RESULTS];

SITE static struct large *large_new(size_t size)
{
	struct large *large = filled(malloc(size), size);

	large->size = size;
	return large;
}

SITE static void *compute_result(size_t room)
{
	void *result = filled(malloc(room), room);

	return checked(realloc(result, 24 + 16 * random_below(&rng, 4)));
}

static void free_oldest(void)
{
	struct large *oldest = larges[freed++ % LARGE_MAX];

	large_bytes -= oldest->size;
	free(oldest);
}

static size_t size_at(double now)
{
	return (size_t)((600 + 60 * now) * (1 + 0.5 * random_unit(&rng)));
}

static void replace_large(size_t size)
{
	while (large_bytes + size > LARGE_BYTES)
		free_oldest();
	larges[made++ % LARGE_MAX] = large_new(size);
	large_bytes += size;
}

static void replace_result(void **result, size_t room)
{
	free(*result);
	*result = compute_result(room);
}

static void fill_up(void)
{
	for (unsigned i = 0; i < RESULTS; i++) {
		replace_large(size_at(0));
		replace_result(&results[i], size_at(0));
	}
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 350), &rng);

	fill_up();
	while (next(&pace)) {
		replace_large(size_at(pace.now));
		work(20);
		if (random_chance(&rng, 0.3))
			replace_result(&results[random_below(&rng, RESULTS)], size_at(pace.now));
	}
}
