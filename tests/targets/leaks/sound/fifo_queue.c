/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A queue that is bounded: what comes while it is full is refused. It is served a little faster than it is filled, in
 * bursts, so that its length goes up and down.
 */
#include "leaks.h"

enum { ITEMS_MAX = 512 };

const char *const leaking[] = {NULL};

static struct item {
	struct item *next;
	size_t size;
	char payload[];
} * first, **last = &first;
static unsigned length, capacity, coming;

SITE static struct item *item_new(void)
{
	size_t size = random_size(&rng, 100, 6000);
	struct item *item = filled(malloc(sizeof(*item) + size), sizeof(*item) + size);

	item->size = size;
	item->next = NULL;
	return item;
}

static void enqueue(void)
{
	struct item *item = item_new();

	work(10);
	if (length == capacity) {
		free(item);
		return;
	}
	*last = item;
	last = &item->next;
	length++;
}

SITE static char *scratch_new(size_t size)
{
	return filled(malloc(size), size);
}

static void dequeue(void)
{
	struct item *item = first;
	char *scratch = scratch_new(item->size / 2 + 1);

	work(20);
	if (!(first = item->next))
		last = &first;
	length--;
	free(scratch);
	free(item);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 400), &rng);

	capacity = (unsigned)random_about(&rng, ITEMS_MAX / 1.3);
	while (next(&pace)) {
		/* Bursts of 100 on average, each of them some 220 steps after the one before. */
		if (random_chance(&rng, 1 / 220.0))
			coming += (unsigned)random_exponential(&rng, 100);
		if (coming && random_chance(&rng, 0.8)) {
			coming--;
			enqueue();
		} else if (length) {
			dequeue();
		}
	}
}
