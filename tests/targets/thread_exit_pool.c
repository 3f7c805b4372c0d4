/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads that exit in the middle of a pool's allocation function, while others go on: a thread that comes later may
 * get the same id and the same stack, and must not inherit the unfinished call. Argument "custom": see pool_hook.h.
 */
#include <pthread.h>

#include "pool_hook.h"

enum { ROUNDS = 20 };

const int truth_totals_inexact = 1; /* creating and ending threads allocates */

static void leave(void)
{
	pthread_exit(NULL);
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

/* Larger than all that libc may hold in between: the peak is when this is allocated, at the end. */
SITE static void *at_the_end(void)
{
	return truth_malloc(4000000);
}

static void *abandon(void *argument)
{
	plain_user(11);
	pool_user(100000 + (size_t)argument, leave); /* never allocated */
	return NULL;
}

static void *go_on(void *argument)
{
	void *block = pool_user(1000 + (size_t)argument, NULL);

	plain_user(22 + (size_t)argument);
	if ((size_t)argument % 2)
		pool_done(block);
	return NULL;
}

static void run(void *(*function)(void *), size_t number)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, function, (void *)number) != 0)
		truth__fail("cannot create a thread");
	pthread_join(thread, NULL);
}

void scenario(int count, char **args)
{
	pool__choose_view(count, args);
	for (size_t i = 0; i < ROUNDS; i++) {
		run(abandon, i);
		plain_user(33);
		run(go_on, i);
		pool_user(i, NULL);
	}
	at_the_end();
}
