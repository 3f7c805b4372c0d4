/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks from before tracing began: their frees are unmatched, and a realloc of one is an allocation only. */
#include "truth.h"

enum { BLOCKS = 300 };

static void *blocks[BLOCKS];

SITE static void *before(size_t size)
{
	return truth_malloc(size);
}

SITE static void *after(size_t size)
{
	return truth_malloc(size);
}

SITE static void *moved(void *block, size_t size)
{
	return truth_realloc(block, size);
}

SITE static void release(void *block)
{
	truth_free(block);
}

void setup(int count, char **args)
{
	(void)count;
	(void)args;
	for (size_t i = 0; i < BLOCKS; i++)
		blocks[i] = before(i + 1);
}

void scenario(int count, char **args)
{
	(void)count;
	(void)args;
	for (size_t i = 0; i < BLOCKS; i++) {
		if (i % 3 == 0)
			release(blocks[i]);
		else if (i % 3 == 1)
			blocks[i] = moved(blocks[i], 2 * i);
		if (i % 2)
			after(i);
	}
	for (size_t i = 1; i < BLOCKS; i += 6)
		release(blocks[i]);
}
