/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks of which some is in memory: a large one, touched in part, and many small ones, of which most are freed, with
 * their pages left to the allocator. What is resident of the first is in an extra key, and what the second were.
 */
#include "truth.h"

#define PAGE 4096UL

SITE static char *make_large(void)
{
	return truth_malloc(8 << 20);
}

SITE static void *make_small(void)
{
	return truth_malloc(1000);
}

static void touch(volatile char *at, uint64_t bytes)
{
	for (uint64_t i = 0; i < bytes; i += 512)
		at[i] = 1;
}

void scenario(int count, char **args)
{
	enum { SMALL = 4000, KEPT = 40 }; /* one in so many */
	static char *small[SMALL];
	char *large = make_large();
	uintptr_t edge = ((uintptr_t)large + PAGE) & -PAGE; /* the allocator has written the page before it */

	(void)count;
	(void)args;
	touch((char *)edge, 99 * PAGE);
	truth__extra("large_bytes", edge + 99 * PAGE - (uintptr_t)large);
	for (int i = 0; i < SMALL; i++) {
		small[i] = make_small();
		touch(small[i], 1000);
	}
	for (int i = 0; i < SMALL; i++)
		if (i % KEPT)
			truth_free(small[i]);
	truth__extra("kept_bytes", SMALL / KEPT * 1000);
	truth__extra("freed_bytes", (SMALL - SMALL / KEPT) * 1000);
}
