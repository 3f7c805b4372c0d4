/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Allocations that fail are none, for every function, between others that succeed. */
#include <malloc.h>

#include "truth.h"

SITE static void *fits(size_t size)
{
	return truth_malloc(size);
}

SITE static void *malloc_too_much(volatile size_t size)
{
	return truth_malloc(size);
}

SITE static void *calloc_overflow(volatile size_t count, volatile size_t size)
{
	return truth_calloc(count, size);
}

SITE static void *posix_memalign_fails(volatile size_t align, volatile size_t size)
{
	return truth_posix_memalign(align, size);
}

SITE static void *aligned_alloc_too_much(volatile size_t size)
{
	return truth_aligned_alloc(64, size);
}

SITE static void *memalign_too_much(volatile size_t size)
{
	return truth_memalign(4096, size);
}

SITE static void release(void *block)
{
	truth_free(block);
}

void scenario(int count, char **args)
{
	const size_t huge = PTRDIFF_MAX / 4096 * 4096 - 4096;

	(void)count;
	(void)args;
	for (int i = 0; i < 50; i++) {
		void *block = fits((size_t)i * 11 + 5);

		if (malloc_too_much(huge) || calloc_overflow(SIZE_MAX / 2, 4) || calloc_overflow(huge / 8, 8) ||
		    posix_memalign_fails(64, huge) || posix_memalign_fails(3, 100) || posix_memalign_fails(24, 100) ||
		    aligned_alloc_too_much(huge) || memalign_too_much(huge))
			truth__fail("an allocation that must fail did not");
		if (i % 3 == 0)
			release(block);
	}
}
