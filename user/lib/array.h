/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Growing arrays and checked allocation. */
#ifndef MEMTRAWL_LIB_ARRAY_H
#define MEMTRAWL_LIB_ARRAY_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Makes room for one more element of `size` bytes in an array of *capacity elements of which `used` are in use.
 * Returns the array, moved or not, or NULL with the old one untouched when memory is short or the size overflows.
 */
void *array__grow(void *array, size_t used, size_t *capacity, size_t size);

/*
 * calloc() for arrays that are read here and there: large ones are in huge pages, where the kernel gives some, which
 * spares most of the page faults, and of the misses in the processor's table of pages. Freed by free().
 */
void *array__large(size_t count, size_t size);

/* Appends `value` to `array` (with `count` and `capacity` beside it); false when memory is short. */
#define array__push(array, count, capacity, value)                                                                     \
	({                                                                                                             \
		void *grown_ = array__grow((array), (count), &(capacity),                                              \
					   sizeof(*(array))); /* NOLINT(bugprone-sizeof-expression): pointers, too */  \
		if (grown_) {                                                                                          \
			(array) = grown_;                                                                              \
			(array)[(count)++] = (value);                                                                  \
		}                                                                                                      \
		grown_ != NULL;                                                                                        \
	})

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
