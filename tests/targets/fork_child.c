/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fork: the child frees and reallocates blocks that it inherited, and allocates its own; the parent goes on, and the
 * child's frees are none of its own. The document on standard output is the parent's. The child's goes to the file
 * named by MEMTRAWL_TRUTH_CHILD; the child then lives until the parent ends.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "truth.h"

enum { BLOCKS = 60 };

static void *blocks[BLOCKS];

SITE static void *parent_alloc(size_t size)
{
	return truth_malloc(size);
}

SITE static void *child_alloc(size_t size)
{
	return truth_malloc(size);
}

/* Called by both: the same stack in both processes, up to scenario. */
SITE static void *both_alloc(size_t size)
{
	return truth_calloc(1, size);
}

SITE static void *child_realloc(void *block, size_t size)
{
	return truth_realloc(block, size);
}

SITE static void release(void *block)
{
	truth_free(block);
}

static void run_child(int done, int parent)
{
	char c = '.';

	truth__restart();
	for (size_t i = 0; i < BLOCKS; i++) {
		if (i % 3 == 0)
			release(blocks[i]);
		else if (i % 3 == 1)
			child_realloc(blocks[i], 5 * i);
		both_alloc(i);
	}
	for (size_t i = 0; i < 200; i++) {
		void *block = child_alloc(i);

		if (i % 4 == 0)
			release(block);
	}
	truth__save("MEMTRAWL_TRUTH_CHILD");
	if (write(done, &c, 1) != 1)
		_exit(125);
	while (read(parent, &c, 1) > 0) /* ends when the parent does */
		;
	_exit(0);
}

void scenario(int count, char **args)
{
	int done[2], hold[2];
	char c;
	pid_t pid;

	(void)count;
	(void)args;
	for (size_t i = 0; i < BLOCKS; i++)
		blocks[i] = parent_alloc(100 + i);
	if (pipe(done) != 0 || pipe(hold) != 0)
		truth__fail("pipe");
	pid = fork();
	if (pid < 0)
		truth__fail("fork");
	if (pid == 0) {
		close(hold[1]);
		close(done[0]);
		run_child(done[1], hold[0]);
	}
	close(done[1]);
	close(hold[0]);
	for (size_t i = 0; i < BLOCKS; i++) {
		both_alloc(3 * i);
		if (i % 5 == 0)
			release(blocks[i]);
	}
	if (read(done[0], &c, 1) != 1)
		truth__fail("the child did not come to its end");
	for (size_t i = 0; i < BLOCKS; i++)
		parent_alloc(7 * i);
	truth__extra("child_pid", (uint64_t)pid);
}
