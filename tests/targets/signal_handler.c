/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A signal handler that allocates and frees: by raise(), and by a timer that interrupts a loop of the program's own.
 * The main code is never in the allocator at that time, as an allocator is not safe in a signal handler.
 */
#include <signal.h>
#include <sys/time.h>

#include "truth.h"

enum { TICKS = 40 };

static void *blocks[TICKS];
static volatile sig_atomic_t ticks;

SITE static void *handler_alloc(size_t size)
{
	return truth_malloc(size);
}

SITE static void handler_free(void *block)
{
	truth_free(block);
}

SITE static void *main_alloc(size_t size)
{
	return truth_malloc(size);
}

SITE static void *main_realloc(void *block, size_t size)
{
	return truth_realloc(block, size);
}

static void on_signal(int number)
{
	(void)number;
	blocks[ticks] = handler_alloc(1000 + (size_t)ticks);
	if (ticks % 3 == 0)
		handler_free(blocks[ticks / 2]), blocks[ticks / 2] = NULL;
	ticks++;
}

SITE static void spin_until(int tick)
{
	while (ticks < tick)
		;
}

void scenario(int count, char **args)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct itimerval soon = {.it_value.tv_usec = 1000};

	(void)count;
	(void)args;
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	for (int i = 0; i < TICKS; i++) {
		main_alloc((size_t)i);
		if (i % 2) {
			raise(SIGUSR1);
		} else {
			setitimer(ITIMER_REAL, &soon, NULL);
			spin_until(i + 1);
		}
		blocks[i] = main_realloc(blocks[i], 10);
	}
}
