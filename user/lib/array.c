/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/array.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

void *array__grow(void *array, size_t used, size_t *capacity, size_t size)
{
	size_t bytes, wanted;
	void *grown;

	if (used < *capacity)
		return array;
	if (__builtin_mul_overflow(*capacity ? *capacity : 4, (size_t)2, &wanted) ||
	    __builtin_mul_overflow(wanted, size, &bytes))
		return NULL;
	grown = realloc(array, bytes);
	if (grown)
		*capacity = wanted;
	return grown;
}

void *array__large(size_t count, size_t size)
{
	enum { LARGE = 8 << 20, HUGE_PAGE = 2 << 20 };
	void *array = calloc(count, size);
	uintptr_t start = ((uintptr_t)array + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;

	if (array && count * size >= LARGE) /* it comes from mmap, and has not been touched */
		madvise((char *)array + (start - (uintptr_t)array), count * size - (start - (uintptr_t)array),
			MADV_HUGEPAGE);
	return array;
}
