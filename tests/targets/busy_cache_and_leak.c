/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A busy cache of constant size that replaces its oldest entries all the time, and beside it a slow, steady leak that
 * is small against the cache's traffic: what a leak detector must tell apart. The cache is full before "ready".
 * Arguments: seconds (default 10), cache inserts a second (default 20000), leaked blocks of 128 bytes a second (50).
 */
#include <time.h>

#include "truth.h"

enum { CACHE_BYTES = 4 << 20, ENTRIES_MAX = 1 << 16, SIZE_MIN = 64, SIZE_MAX_ = 2048, LEAK_BYTES = 128 };

static struct entry {
	void *block;
	size_t size;
} entries[ENTRIES_MAX]; /* a ring: the oldest at first, the newest before next */
static unsigned first, next;
static size_t cached;
static uint64_t state = 7;

static uint32_t draw(uint32_t below)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(state >> 33) % below;
}

SITE static void cache_evict(void)
{
	struct entry *oldest = &entries[first++ % ENTRIES_MAX];

	truth_free(oldest->block);
	cached -= oldest->size;
}

SITE static void cache_insert(size_t size)
{
	struct entry *newest = &entries[next++ % ENTRIES_MAX];

	newest->block = truth_malloc(size);
	newest->size = size;
	cached += size;
}

SITE static void leak_steadily(void)
{
	(void)truth_malloc(LEAK_BYTES);
}

static void cache_use(void)
{
	size_t size = SIZE_MIN + draw(SIZE_MAX_ - SIZE_MIN);

	while (cached + size > CACHE_BYTES)
		cache_evict();
	cache_insert(size);
}

void setup(int count, char **args)
{
	(void)count;
	(void)args;
	do
		cache_use();
	while (cached < CACHE_BYTES - SIZE_MAX_);
}

static unsigned long argument(int count, char **args, int i, unsigned long otherwise)
{
	return count > i ? strtoul(args[i], NULL, 10) : otherwise;
}

void scenario(int count, char **args)
{
	unsigned long seconds = argument(count, args, 1, 10), inserts = argument(count, args, 2, 20000),
		      leaks = argument(count, args, 3, 50), inserted = 0, leaked = 0;
	struct timespec tick;

	clock_gettime(CLOCK_MONOTONIC, &tick);
	for (unsigned long ms = 1; ms <= seconds * 1000; ms++) {
		tick.tv_nsec += 1000000;
		if (tick.tv_nsec >= 1000000000) {
			tick.tv_nsec -= 1000000000;
			tick.tv_sec++;
		}
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &tick, NULL) != 0)
			;
		for (; inserted < inserts * ms / 1000; inserted++)
			cache_use();
		for (; leaked < leaks * ms / 1000; leaked++)
			leak_steadily();
	}
}
