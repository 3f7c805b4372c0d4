/* SPDX-License-Identifier: GPL-2.0-or-later */
/* longjmp out of functions that have blocks: some are leaked by it, others are freed by whoever set the jump. */
#include <setjmp.h>

#include "truth.h"

static jmp_buf out;
static void *rescued;

SITE static void *lost(size_t size)
{
	return truth_malloc(size);
}

SITE static void *kept(size_t size)
{
	return truth_malloc(size);
}

SITE static void release(void *block)
{
	truth_free(block);
}

SITE static void work(int depth)
{
	void *mine = lost((size_t)depth * 10);

	if (depth > 0) {
		work(depth - 1);
	} else {
		rescued = kept(500);
		if (rescued)
			longjmp(out, 1);
	}
	release(mine);
}

void scenario(int count, char **args)
{
	(void)count;
	(void)args;
	for (volatile int i = 0; i < 100; i++) {
		if (setjmp(out) == 0)
			work(i % 10);
		if (i % 2)
			release(rescued);
	}
}
