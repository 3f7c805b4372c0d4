/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A realloc that fails keeps the old block: nothing is counted, and the later free is the first site's. */
#include "truth.h"

SITE static void *keep(size_t size)
{
	return truth_malloc(size);
}

SITE static void *grow_too_far(void *block, volatile size_t size)
{
	return truth_realloc(block, size);
}

SITE static void *grow_array_too_far(void *block, volatile size_t count, volatile size_t size)
{
	return truth_reallocarray(block, count, size);
}

SITE static void *grow_a_little(void *block, size_t size)
{
	return truth_realloc(block, size);
}

SITE static void release(void *block)
{
	truth_free(block);
}

void scenario(int count, char **args)
{
	void *blocks[50];

	(void)count;
	(void)args;
	for (int i = 0; i < 50; i++) {
		blocks[i] = keep((size_t)i * 1000 + 1);
		if (grow_too_far(blocks[i], PTRDIFF_MAX - 4096) || grow_array_too_far(blocks[i], SIZE_MAX / 2, 4) ||
		    grow_too_far(NULL, PTRDIFF_MAX - 4096))
			truth__fail("a realloc that must fail did not");
	}
	for (int i = 0; i < 50; i += 3)
		blocks[i] = grow_a_little(blocks[i], (size_t)i * 1000 + 500);
	for (int i = 0; i < 50; i += 2)
		release(blocks[i]);
}
