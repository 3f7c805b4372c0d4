/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages with counted references: of the cache, where a new version takes the place of the old, of readers, and of the
 * replication to a follower. For some 22 s all is well; then sending to the follower fails at times, and the error path
 * does not put the reference it has: about 55 KB/s from then on.
 */
#include "leaks.h"

enum { PAGES = 120, READERS = 20 };

const char *const leaking[] = {"page_new", NULL};

static struct page {
	unsigned references;
	size_t size;
	char data[];
} * pages[PAGES], *read_by[READERS];

static double trouble; /* when it begins */

SITE static struct page *page_new(void)
{
	size_t size = sizeof(struct page) + random_size(&rng, 1024, 16384);
	struct page *page = filled(malloc(size), size);

	page->references = 1;
	page->size = size - sizeof(*page);
	return page;
}

static struct page *page_get(struct page *page)
{
	page->references++;
	return page;
}

static void page_put(struct page *page)
{
	if (page && !--page->references)
		free(page);
}

SITE static char *compress(const struct page *page)
{
	size_t size = page->size / 3;
	char *compressed = checked(malloc(size));

	memcpy(compressed, page->data, size);
	return compressed;
}

static bool send_page(const struct page *page, double now)
{
	char *compressed = compress(page);

	work(30);
	free(compressed);
	return now < trouble || !random_chance(&rng, 0.25);
}

static bool replicate(struct page *page, double now)
{
	page_get(page);
	if (!send_page(page, now))
		return false;
	page_put(page);
	return true;
}

static void change(double now)
{
	struct page **place = &pages[random_below(&rng, PAGES)];

	page_put(*place);
	*place = page_new();
	if (!replicate(*place, now))
		work(50); /* reports it */
}

static void read_any(void)
{
	struct page **reader = &read_by[random_below(&rng, READERS)], *page = pages[random_below(&rng, PAGES)];

	page_put(*reader);
	*reader = page ? page_get(page) : NULL;
	work(15);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 300), &rng);

	trouble = random_about(&rng, 22);
	while (next(&pace)) {
		if (random_chance(&rng, 0.13))
			change(pace.now);
		else
			read_any();
	}
}
