/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 100,000 live blocks from 64 sites, each with sizes of its own, some freed again in pseudo-random order.
 * Argument: how many blocks (default 100000, at most 120000).
 */
#include "truth.h"

enum { SITES = 64, BLOCKS_MAX = 120000 };

/* Four kinds of allocation, sixteen sites each. */
#define MALLOC_SITE(n)                                                                                                 \
	SITE static void *malloc_site_##n(size_t size)                                                                 \
	{                                                                                                              \
		return truth_malloc(size);                                                                             \
	}
#define CALLOC_SITE(n)                                                                                                 \
	SITE static void *calloc_site_##n(size_t size)                                                                 \
	{                                                                                                              \
		return truth_calloc(1, size);                                                                          \
	}
#define REALLOC_SITE(n)                                                                                                \
	SITE static void *realloc_site_##n(size_t size)                                                                \
	{                                                                                                              \
		return truth_realloc(NULL, size);                                                                      \
	}
#define ALIGNED_SITE(n)                                                                                                \
	SITE static void *aligned_site_##n(size_t size)                                                                \
	{                                                                                                              \
		return truth_posix_memalign(32, size);                                                                 \
	}
#define SIXTEEN(X)                                                                                                     \
	X(0)                                                                                                           \
	X(1)                                                                                                           \
	X(2)                                                                                                           \
	X(3)                                                                                                           \
	X(4)                                                                                                           \
	X(5)                                                                                                           \
	X(6)                                                                                                           \
	X(7)                                                                                                           \
	X(8)                                                                                                           \
	X(9)                                                                                                           \
	X(10)                                                                                                          \
	X(11)                                                                                                          \
	X(12)                                                                                                          \
	X(13)                                                                                                          \
	X(14)                                                                                                          \
	X(15)
#define ENTRIES(n) malloc_site_##n, calloc_site_##n, realloc_site_##n, aligned_site_##n,

SIXTEEN(MALLOC_SITE)
SIXTEEN(CALLOC_SITE)
SIXTEEN(REALLOC_SITE)
SIXTEEN(ALIGNED_SITE)

static void *(*const sites[SITES])(size_t) = {SIXTEEN(ENTRIES)};

SITE static void *regrow(void *block, size_t size)
{
	return truth_realloc(block, size);
}

SITE static void release(void *block)
{
	truth_free(block);
}

static void *blocks[BLOCKS_MAX];
static uint64_t state = 42;

static uint32_t draw(uint32_t below)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(state >> 33) % below;
}

void scenario(int count, char **args)
{
	uint32_t n = count > 1 ? (uint32_t)strtoul(args[1], NULL, 10) : 100000;

	if (n == 0 || n > BLOCKS_MAX)
		truth__fail("blocks: 1 to 120000");
	for (uint32_t i = 0; i < n; i++) {
		uint32_t site = draw(SITES);

		blocks[i] = sites[site](site * 16 + draw(16 + site));
	}
	for (uint32_t i = 0; i < n / 2; i++) {
		uint32_t victim = draw(n);

		if (draw(4) == 0 && blocks[victim])
			blocks[victim] = regrow(blocks[victim], 1 + draw(3000));
		else if (blocks[victim]) {
			release(blocks[victim]);
			blocks[victim] = NULL;
		}
	}
	for (uint32_t i = 0; i < n / 4; i++) { /* back to some extent, from few sites */
		uint32_t place = draw(n);

		if (!blocks[place])
			blocks[place] = sites[draw(4)](draw(200));
	}
}
