/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 200 threads, ten at a time, that allocate, free part of it, leak a known number of blocks, and end. */
#include <pthread.h>

#include "truth.h"

enum { THREADS = 200, AT_ONCE = 10, BLOCKS = 64 };

const int truth_totals_inexact = 1; /* creating and ending threads allocates */

SITE static void *thread_alloc(size_t size)
{
	return truth_malloc(size);
}

SITE static void *thread_regrow(void *block, size_t size)
{
	return truth_realloc(block, size);
}

SITE static void *thread_leak(size_t size)
{
	return truth_malloc(size);
}

SITE static void release(void *block)
{
	truth_free(block);
}

/* Larger than all that is ever live in between: the peak is when this is allocated, at the end. */
SITE static void *at_the_end(void)
{
	return truth_malloc(16000000);
}

static void *run(void *argument)
{
	void *blocks[BLOCKS];

	for (size_t i = 0; i < BLOCKS; i++)
		blocks[i] = thread_alloc(100 + i);
	for (size_t i = 0; i < BLOCKS; i += 2)
		blocks[i] = thread_regrow(blocks[i], 300 + i);
	for (size_t i = 0; i < BLOCKS; i++)
		release(blocks[i]);
	for (size_t i = 0; i < (size_t)argument % 5; i++)
		thread_leak(1000 + i);
	return NULL;
}

void scenario(int count, char **args)
{
	pthread_t threads[AT_ONCE];

	(void)count;
	(void)args;
	for (size_t done = 0; done < THREADS; done += AT_ONCE) {
		for (size_t i = 0; i < AT_ONCE; i++)
			if (pthread_create(&threads[i], NULL, run, (void *)(done + i)) != 0)
				truth__fail("cannot create a thread");
		for (size_t i = 0; i < AT_ONCE; i++)
			pthread_join(threads[i], NULL);
	}
	at_the_end();
}
