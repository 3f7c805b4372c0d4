/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An allocator of the program's own over static memory, which no malloc is behind:
 *   --alloc 'custom_pool:pool_alloc(size=arg1) -> ptr' --alloc 'custom_pool:pool_grab(size=arg2) -> ptr'
 *   --free 'custom_pool:pool_free(ptr=arg1)'
 * Next to it, blocks of malloc's.
 */
#include "truth.h"

enum { CELL = 256, CELLS = 4096 };

struct cell {
	union {
		struct cell *next;
		char bytes[CELL];
	};
};

static struct cell cells[CELLS];
static struct cell *unused;

void *pool_alloc(size_t size);
void *pool_grab(const char *why, size_t size);
void pool_free(void *block);

/* NULL when the pool is empty, or the size beyond a cell. */
SITE void *pool_alloc(size_t size)
{
	struct cell *cell = unused;

	if (!cell || size > CELL)
		return NULL;
	unused = cell->next;
	return cell;
}

SITE void *pool_grab(const char *why, size_t size)
{
	return why ? pool_alloc(size) : NULL;
}

SITE void pool_free(void *block)
{
	struct cell *cell = block;

	if (!cell)
		return;
	cell->next = unused;
	unused = cell;
}

SITE static void *make_node(volatile size_t size)
{
	return TRUTH_CALL(pool_alloc(size), size);
}

/* The size is the second argument, and pool_grab calls pool_alloc: one allocation, the outer one's. */
SITE static void *make_text(volatile size_t size)
{
	return TRUTH_CALL(pool_grab("text", size), size);
}

SITE static void *on_heap(size_t size)
{
	return truth_malloc(size);
}

SITE static void drop(void *block)
{
	truth__free(block);
	pool_free(block);
}

void scenario(int count, char **args)
{
	(void)count;
	(void)args;
	for (size_t i = 0; i < CELLS; i++) {
		cells[i].next = unused;
		unused = &cells[i];
	}
	for (size_t i = 0; i < CELLS; i++) {
		void *node = make_node(i % 250), *text = make_text(i % 200);

		on_heap(i % 100);
		make_node(CELL + 1); /* fails */
		if (i % 8)
			drop(node);
		if (i % 3)
			drop(text);
		drop(NULL);
	}
}
