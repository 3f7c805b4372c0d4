/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/array.h"

#include <stdint.h>
#include <stdlib.h>

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
