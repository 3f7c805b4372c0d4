/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For benchmarks: pairs of malloc and free on one thread that does nothing else, at the bottom of ten frames.
 * Arguments: pairs (default 1000000), size (default 64). The account says what a pair took, in picoseconds of
 * the thread's CPU time, to which traps are charged and other processes are not.
 */
#include <time.h>

#include "truth.h"

static uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void *volatile sink;

SITE static void pairs_loop(uint64_t pairs, size_t size)
{
	for (uint64_t i = 0; i < pairs; i++) {
		void *block = malloc(size);

		sink = block;
		free(block);
	}
}

/* With pairs_loop, scenario and main: ten. */
SITE static void descend(int depth, uint64_t pairs, size_t size)
{
	if (depth > 1)
		descend(depth - 1, pairs, size);
	else
		pairs_loop(pairs, size);
}

void scenario(int count, char **args)
{
	uint64_t pairs = count > 1 ? strtoull(args[1], NULL, 10) : 1000000;
	size_t size = count > 2 ? strtoul(args[2], NULL, 10) : 64;
	uint64_t begin, end;

	if (pairs == 0)
		truth__fail("pairs: at least 1");
	begin = clock_ns();
	descend(7, pairs, size);
	end = clock_ns();
	truth__bulk_temporary("pairs_loop", pairs, size);
	truth__extra("pairs", pairs);
	truth__extra("ns_per_pair", (end - begin) / pairs);
	truth__extra("ps_per_pair", (end - begin) * 1000 / pairs);
}
