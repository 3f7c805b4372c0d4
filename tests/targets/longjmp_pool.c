/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * longjmp out of a pool's allocation function: the call never returns, and what comes after on the same thread, at
 * shallower and at deeper stacks, must not be taken for a part of it. Argument "custom": see pool_hook.h.
 */
#include <setjmp.h>

#include "pool_hook.h"

static jmp_buf out;

static void leave(void)
{
	longjmp(out, 1);
}

static void stay(void)
{
}

SITE static void *pool_user(size_t size, void (*hook)(void))
{
	return POOL_ALLOC(size, hook);
}

SITE static void pool_done(void *block)
{
	POOL_FREE(block);
}

SITE static void *plain_user(size_t size)
{
	return truth_malloc(size);
}

/* The same below `depth` frames, each of which has written over what was there on the stack. */
SITE static void *deep_user(int depth, size_t size)
{
	volatile char frame[200];

	memset((void *)frame, 0x55, sizeof(frame));
	return depth ? deep_user(depth - 1, size) : plain_user(size + (size_t)frame[0] - 0x55);
}

/* A deep call that is abandoned. */
SITE static void *deep_leave(int depth, size_t size)
{
	volatile char frame[200];

	memset((void *)frame, 0x55, sizeof(frame));
	return depth ? deep_leave(depth - 1, size) : pool_user(size, leave);
}

void scenario(int count, char **args)
{
	void *block;

	pool__choose_view(count, args);
	for (volatile size_t i = 0; i < 50; i++) {
		block = pool_user(100 + i, stay);
		if (setjmp(out) == 0)
			pool_user(10000 + i, leave); /* never allocated */
		plain_user(i);
		deep_user(20, 2 * i);
		if (setjmp(out) == 0)
			deep_leave(20, 20000 + i);
		pool_user(3 * i, NULL);
		deep_user(40, i);
		if (i % 2)
			pool_done(block);
	}
}
