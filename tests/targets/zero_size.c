/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks of no bytes, and frees of nothing: an object of 0 bytes is live where the allocator returned a block. */
#include "truth.h"

SITE static void *empty_malloc(volatile size_t size)
{
	return truth_malloc(size);
}

SITE static void *empty_calloc(volatile size_t count, volatile size_t size)
{
	return truth_calloc(count, size);
}

SITE static void *empty_realloc(volatile size_t size)
{
	return truth_realloc(NULL, size);
}

SITE static void *empty_posix_memalign(volatile size_t size)
{
	return truth_posix_memalign(64, size);
}

SITE static void *one_byte(void)
{
	return truth_malloc(1);
}

SITE static void release(void *block)
{
	truth_free(block);
}

void scenario(int count, char **args)
{
	(void)count;
	(void)args;
	for (int i = 0; i < 100; i++) {
		void *kept[] = {empty_malloc(0),  empty_calloc(0, 8),      empty_calloc(8, 0),
				empty_realloc(0), empty_posix_memalign(0), one_byte()};

		release(kept[i % 6]);
		release(NULL);
	}
}
