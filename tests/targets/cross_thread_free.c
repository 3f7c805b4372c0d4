/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two threads that allocate, hand their blocks to each other, and free what they were given.
 *
 * In a phase both threads only allocate, or both only free, and a barrier is between: so the peak is at the end of the
 * first phase of allocation, whatever the order within it. The threads exist before "ready", as their creation
 * allocates.
 */
#include <pthread.h>

#include "truth.h"

enum { BLOCKS = 5000, ROUNDS = 3 };

struct side {
	pthread_t thread;
	void *blocks[BLOCKS];
	struct side *other;
	void *(*allocate)(size_t size);
	unsigned seed;
};

static pthread_barrier_t barrier;

SITE static void *left_alloc(size_t size)
{
	return truth_malloc(size);
}

SITE static void *right_alloc(size_t size)
{
	return truth_calloc(1, size);
}

SITE static void *regrow(void *block, size_t size)
{
	return truth_realloc(block, size);
}

SITE static void free_others(void *block)
{
	truth_free(block);
}

static void one_round(struct side *me, int round)
{
	/* the first round is the largest: later ones do not reach its peak */
	int blocks = BLOCKS / (round + 1);

	for (int i = 0; i < blocks; i++)
		me->blocks[i] = me->allocate(me->seed % 1000 + (unsigned)i % 100);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < blocks; i += 2)
		free_others(me->other->blocks[i]);
	pthread_barrier_wait(&barrier);
	/* shrinking only, so that no moment of this phase has more live bytes than its beginning */
	for (int i = 1; i < blocks; i += 2)
		me->other->blocks[i] = regrow(me->other->blocks[i], 1);
	pthread_barrier_wait(&barrier);
	for (int i = 1; i < blocks; i += 4)
		free_others(me->blocks[i]);
	pthread_barrier_wait(&barrier);
}

static void *run(void *argument)
{
	struct side *me = argument;

	pthread_barrier_wait(&barrier);
	for (int round = 0; round < ROUNDS; round++)
		one_round(me, round);
	pthread_barrier_wait(&barrier);
	return NULL;
}

static struct side left = {.allocate = left_alloc, .seed = 700}, right = {.allocate = right_alloc, .seed = 300};

void setup(int count, char **args)
{
	(void)count;
	(void)args;
	left.other = &right;
	right.other = &left;
	pthread_barrier_init(&barrier, NULL, 2);
	if (pthread_create(&right.thread, NULL, run, &right) != 0)
		truth__fail("cannot create a thread");
}

void scenario(int count, char **args)
{
	(void)count;
	(void)args;
	run(&left);
	/* the other thread is past its last allocation; its exit is left to the end of the program */
}
