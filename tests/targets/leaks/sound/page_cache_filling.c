/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The buffer cache of a database: pages of 8 KiB are read when they are needed, and for about the first 15 s there is
 * room for all. Then, with some 7 MB, a clock's hand finds which goes for each that comes.
 */
#include "leaks.h"

enum { PAGE_BYTES = 8192, PAGES = 9000, FRAMES = 880, FRAMES_MAX = 2 * FRAMES };

const char *const leaking[] = {NULL};

static struct page {
	uint64_t number;
	bool used; /* since the hand went by */
	char data[PAGE_BYTES];
} * frames[FRAMES_MAX], *by_number[PAGES];
static unsigned count, capacity, hand;

SITE static struct page *read_page(uint64_t number)
{
	struct page *page = filled(malloc(sizeof(*page)), sizeof(*page));

	page->number = number;
	return page;
}

static struct page **evict(void)
{
	struct page **frame;

	for (; frames[hand]->used; hand = (hand + 1) % capacity)
		frames[hand]->used = false;
	frame = &frames[hand];
	by_number[(*frame)->number] = NULL;
	free(*frame);
	return frame;
}

static struct page *get_page(uint64_t number)
{
	if (!by_number[number]) {
		struct page **frame = count < capacity ? &frames[count++] : evict();

		*frame = by_number[number] = read_page(number);
	}
	by_number[number]->used = true;
	return by_number[number];
}

SITE static char *tuple_new(void)
{
	size_t size = random_size(&rng, 50, 4000);

	return filled(malloc(size), size);
}

/* Of the inner pages of its index, that are few and always there, and of the table itself. */
static void select_one(void)
{
	char *tuple = tuple_new();
	const struct page *inner = get_page(random_below(&rng, 60)), *page;

	work(20);
	page = get_page((uint64_t)inner->data[0] + random_below(&rng, PAGES - 128));
	memcpy(tuple, page->data, 50);
	work(10);
	free(tuple);
}

void program(void)
{
	struct pace pace = pace_random(65, &rng);

	capacity = (unsigned)random_about(&rng, FRAMES);
	while (next(&pace))
		select_one();
}
