/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks that grow and shrink through chains of realloc, handed from site to site, past others that stay in the way. */
#include "truth.h"

SITE static void *chain_begin(size_t size)
{
	return truth_malloc(size);
}

SITE static void *chain_grow(void *block, size_t size)
{
	return truth_realloc(block, size);
}

SITE static void *chain_shrink(void *block, size_t size)
{
	return truth_realloc(block, size);
}

SITE static void *chain_grow_array(void *block, size_t count, size_t size)
{
	return truth_reallocarray(block, count, size);
}

SITE static void *bystander(size_t size)
{
	return truth_malloc(size);
}

SITE static void chain_end(void *block)
{
	truth_free(block);
}

/* Grown by a tenth at a time from 16 bytes to some megabytes, then halved down to 1000 or so. */
static void *one_chain(void)
{
	size_t size = 16;
	void *block = chain_begin(size);

	while (size < 4000000) {
		size += size / 10 + 1;
		block = chain_grow(block, size);
		bystander(size % 97);
	}
	while (size > 2000) {
		size /= 2;
		block = chain_shrink(block, size);
	}
	return chain_grow_array(block, 3, size);
}

void scenario(int count, char **args)
{
	(void)count;
	(void)args;
	for (int i = 0; i < 8; i++) {
		void *block = one_chain();

		if (i % 2)
			chain_end(block);
	}
}
