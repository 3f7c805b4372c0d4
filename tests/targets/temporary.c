/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks that are freed before the same thread's next allocation, among others that live longer. */
#include "truth.h"

SITE static void *scratch(size_t size)
{
	return truth_malloc(size);
}

SITE static void *nested_scratch(size_t size)
{
	return truth_calloc(2, size);
}

SITE static void *result(size_t size)
{
	return truth_malloc(size);
}

SITE static void release(void *block)
{
	truth_free(block);
}

void scenario(int count, char **args)
{
	(void)count;
	(void)args;
	for (size_t i = 0; i < 1000; i++) {
		void *outer, *inner;

		release(scratch(i));       /* temporary */
		outer = scratch(2 * i);    /* not: another allocation comes between */
		inner = nested_scratch(i); /* temporary */
		release(inner);
		release(outer);
		if (i % 10 == 0)
			result(i);
		else if (i % 10 == 1)
			release(result(i)); /* temporary */
	}
}
