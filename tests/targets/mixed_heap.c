/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A heap of mixed sizes for tests of sampling: 24 large sites of equal totals, from blocks of about 16 KiB to some of
 * about 4 MiB, and 8 small ones of blocks from 32 bytes on. The same seed gives the same heap. The blocks are not
 * written to, so little of it is resident. Arguments: seed (default 1), total in MiB (default 1024).
 */
#include "truth.h"

enum { LARGE = 24, SMALL = 8 };

#define LARGE_SITE(n)                                                                                                  \
	SITE static void *large_site_##n(size_t size)                                                                  \
	{                                                                                                              \
		void *block = malloc(size);                                                                            \
		truth__bulk(__func__, 1, size);                                                                        \
		return block;                                                                                          \
	}
#define SMALL_SITE(n)                                                                                                  \
	SITE static void *small_site_##n(size_t size)                                                                  \
	{                                                                                                              \
		void *block = malloc(size);                                                                            \
		truth__bulk(__func__, 1, size);                                                                        \
		return block;                                                                                          \
	}
#define EIGHT(X)                                                                                                       \
	X(0)                                                                                                           \
	X(1)                                                                                                           \
	X(2)                                                                                                           \
	X(3)                                                                                                           \
	X(4)                                                                                                           \
	X(5)                                                                                                           \
	X(6)                                                                                                           \
	X(7)
#define TWENTY_FOUR(X)                                                                                                 \
	EIGHT(X) X(8)                                                                                                  \
	X(9)                                                                                                           \
	X(10)                                                                                                          \
	X(11)                                                                                                          \
	X(12)                                                                                                          \
	X(13)                                                                                                          \
	X(14)                                                                                                          \
	X(15)                                                                                                          \
	X(16)                                                                                                          \
	X(17)                                                                                                          \
	X(18)                                                                                                          \
	X(19)                                                                                                          \
	X(20)                                                                                                          \
	X(21)                                                                                                          \
	X(22)                                                                                                          \
	X(23)
#define LARGE_ENTRY(n) large_site_##n,
#define SMALL_ENTRY(n) small_site_##n,

TWENTY_FOUR(LARGE_SITE)
EIGHT(SMALL_SITE)

static void *(*const sites[LARGE + SMALL])(size_t) = {TWENTY_FOUR(LARGE_ENTRY) EIGHT(SMALL_ENTRY)};

static uint64_t state;

static uint64_t draw(uint64_t below)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (state >> 33) % below;
}

/* The smallest block of a site; its blocks are up to twice as large. */
static size_t base_of(int site)
{
	return site < LARGE ? (size_t)16384 << site / 3 : (size_t)32 << (site - LARGE);
}

void scenario(int count, char **args)
{
	size_t total = (count > 2 ? strtoul(args[2], NULL, 10) : 1024) << 20;
	size_t left[LARGE + SMALL];
	int open = LARGE + SMALL;

	state = count > 1 ? strtoull(args[1], NULL, 10) : 1;
	for (int i = 0; i < LARGE + SMALL; i++) /* 1/512 of the heap for each of the small ones */
		left[i] = i < LARGE ? (total - total / 512 * SMALL) / LARGE : total / 512;
	while (open > 0) { /* sites take turns in random order, as in a program */
		int site = (int)draw(LARGE + SMALL);
		size_t base = base_of(site), size = base + draw(base);

		if (left[site] == 0)
			continue;
		if (size >= left[site]) { /* the last block makes the total exact */
			size = left[site];
			open--;
		}
		if (!sites[site](size))
			truth__fail("out of memory");
		left[site] -= size;
	}
}
