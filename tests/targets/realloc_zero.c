/* SPDX-License-Identifier: GPL-2.0-or-later */
/* realloc(p, 0): some allocators free and return NULL, others return a block of no bytes. Both are accounted for. */
#include "truth.h"

SITE static void *begin(size_t size)
{
	return truth_malloc(size);
}

SITE static void *to_nothing(void *block, volatile size_t size)
{
	return truth_realloc(block, size);
}

SITE static void *from_nothing(void *block, size_t size)
{
	return truth_realloc(block, size);
}

void scenario(int count, char **args)
{
	void *kept = begin(777);

	(void)count;
	(void)args;
	for (int i = 0; i < 100; i++) {
		void *block = to_nothing(begin((size_t)i * 37 + 1), 0);

		/* NULL here is realloc(NULL, n), an allocation */
		if (i % 2)
			from_nothing(block, (size_t)i + 10);
	}
	from_nothing(kept, 7777);
}
