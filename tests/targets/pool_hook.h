/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An allocator of the target's own that asks a hook before it takes memory from malloc, and what is accounted for:
 * memtrawl sees either malloc's view (the site is pool_alloc), or, told of pool_alloc by --alloc, the pool's
 * (argument "custom": the site is pool_alloc's caller, and malloc within it is not another allocation).
 */
#ifndef MEMTRAWL_TESTS_POOL_HOOK_H
#define MEMTRAWL_TESTS_POOL_HOOK_H

#include <string.h>

#include "truth.h"

static int pool_view;

static inline void pool__choose_view(int count, char **args)
{
	for (int i = 1; i < count; i++)
		if (strcmp(args[i], "custom") == 0)
			pool_view = 1;
}

void *pool_alloc(size_t size, void (*hook)(void));
void pool_free(void *block);

SITE void *pool_alloc(size_t size, void (*hook)(void))
{
	if (hook)
		hook(); /* may never return */
	return pool_view ? malloc(size) : truth_malloc(size);
}

SITE void pool_free(void *block)
{
	if (pool_view)
		free(block);
	else
		truth_free(block);
}

/* In the function that calls pool_alloc or pool_free. */
#define POOL_ALLOC(size, hook)                                                                                         \
	({                                                                                                             \
		size_t pool_size = (size);                                                                             \
		void *pool_block = pool_alloc(pool_size, (hook));                                                      \
		if (pool_view)                                                                                         \
			truth__alloc(__func__, pool_block, pool_size);                                                 \
		pool_block;                                                                                            \
	})
#define POOL_FREE(block)                                                                                               \
	do {                                                                                                           \
		void *pool_given = (block);                                                                            \
		if (pool_view)                                                                                         \
			truth__free(pool_given);                                                                       \
		pool_free(pool_given);                                                                                 \
	} while (0)

#endif
