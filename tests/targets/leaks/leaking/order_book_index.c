/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Orders at an exchange, in its book and in an index by their number, both with a counted reference. One that is
 * cancelled is taken out of both; one that is filled only of the book: about 25 a second, 9 KB/s.
 */
#include "leaks.h"

enum { BOOK = 200, BUCKETS = 1024 };

const char *const leaking[] = {"order_new", NULL};

static struct order {
	struct order *next; /* in the index */
	uint64_t number;
	unsigned references;
	char terms[];
} * book[BOOK], *order_index[BUCKETS];

static unsigned resting;
static uint64_t numbers;

SITE static struct order *order_new(void)
{
	size_t size = sizeof(struct order) + random_size(&rng, 120, 800);
	struct order *order = filled(malloc(size), size);

	order->number = numbers++;
	order->references = 2;
	return order;
}

static void order_put(struct order *order)
{
	if (!--order->references)
		free(order);
}

static struct order **bucket_of(const struct order *order)
{
	return &order_index[order->number % BUCKETS];
}

static void remove_from_index(struct order *order)
{
	struct order **link = bucket_of(order);

	while (*link != order)
		link = &(*link)->next;
	*link = order->next;
	order_put(order);
}

static void add_to_index(struct order *order)
{
	struct order **bucket = bucket_of(order);

	order->next = *bucket;
	*bucket = order;
}

static struct order *take_from_book(void)
{
	struct order **place = &book[random_below(&rng, resting)], *order = *place;

	*place = book[--resting];
	return order;
}

static void fill_order(void)
{
	struct order *order = take_from_book();

	work(60);
	order_put(order);
}

static void cancel(void)
{
	struct order *order = take_from_book();

	remove_from_index(order);
	order_put(order);
}

static void place_order(void)
{
	struct order *order = order_new();

	if (resting == BOOK)
		fill_order();
	book[resting++] = order;
	add_to_index(order);
}

SITE static char *message_new(void)
{
	size_t size = random_size(&rng, 64, 2000);

	return filled(malloc(size), size);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 300), &rng);

	while (next(&pace)) {
		char *message = message_new();

		work(30);
		if (random_chance(&rng, 0.18))
			place_order();
		else if (resting && random_chance(&rng, 0.12))
			cancel();
		free(message);
	}
}
