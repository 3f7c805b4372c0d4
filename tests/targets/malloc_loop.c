/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For benchmarks: pairs of malloc and free on one thread that does nothing else, at the bottom of ten frames.
 * Arguments: pairs (default 1000000), size (default 64), steps of other work between pairs (default 0). The account
 * says what a pair took, in picoseconds, by the clock and of processor time.
 */
#include <time.h>

#include "truth.h"

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
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

static volatile uint64_t worked;

SITE static void pairs_and_work(uint64_t pairs, size_t size, uint64_t steps)
{
	for (uint64_t i = 0; i < pairs; i++) {
		void *block = malloc(size);

		sink = block;
		for (uint64_t step = 0; step < steps; step++)
			worked += step;
		free(block);
	}
}

/* With pairs_loop, scenario and main: ten. */
SITE static void descend(int depth, uint64_t pairs, size_t size, uint64_t steps)
{
	if (depth > 1)
		descend(depth - 1, pairs, size, steps);
	else if (steps)
		pairs_and_work(pairs, size, steps);
	else
		pairs_loop(pairs, size);
}

void scenario(int count, char **args)
{
	uint64_t pairs = count > 1 ? strtoull(args[1], NULL, 10) : 1000000;
	size_t size = count > 2 ? strtoul(args[2], NULL, 10) : 64;
	uint64_t steps = count > 3 ? strtoull(args[3], NULL, 10) : 0;
	uint64_t begin, end, cpu_begin, cpu_end;

	if (pairs == 0)
		truth__fail("pairs: at least 1");
	cpu_begin = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	begin = clock_ns(CLOCK_MONOTONIC);
	descend(7, pairs, size, steps);
	end = clock_ns(CLOCK_MONOTONIC);
	cpu_end = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	truth__bulk_temporary(steps ? "pairs_and_work" : "pairs_loop", pairs, size);
	truth__extra("pairs", pairs);
	truth__extra("ns_per_pair", (end - begin) / pairs);
	truth__extra("ps_per_pair", (end - begin) * 1000 / pairs);
	truth__extra("cpu_ps_per_pair", (cpu_end - cpu_begin) * 1000 / pairs);
}
