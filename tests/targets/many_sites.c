/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many distinct call stacks that end in one function: every path of a binary recursion allocates once, path i (from
 * 0) i + 1 bytes. Argument: how many (default 10000).
 */
#include "truth.h"

enum { DEPTH = 14 };

SITE static void *leaf_alloc(size_t size)
{
	return truth_malloc(size);
}

SITE static void left(unsigned path, int depth);
SITE static void right(unsigned path, int depth);

/* Bit `depth - 1` of the path says where to go. */
#define STEP(path, depth)                                                                                              \
	do {                                                                                                           \
		if ((depth) == 0)                                                                                      \
			leaf_alloc((path) + 1);                                                                        \
		else if ((path) >> ((depth)-1) & 1)                                                                    \
			right(path, (depth)-1);                                                                        \
		else                                                                                                   \
			left(path, (depth)-1);                                                                         \
	} while (0)

SITE static void left(unsigned path, int depth)
{
	STEP(path, depth);
}

SITE static void right(unsigned path, int depth)
{
	STEP(path, depth);
}

void scenario(int count, char **args)
{
	unsigned long paths = count > 1 ? strtoul(args[1], NULL, 10) : 10000;

	if (paths > 1 << DEPTH)
		truth__fail("at most 16384 paths");
	for (unsigned i = 0; i < paths; i++)
		left(i, DEPTH);
	truth__extra("distinct_stacks", paths);
}
