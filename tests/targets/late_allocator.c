/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads another allocator in the middle of its life and uses it by its address, beside the C library's. Arguments: the
 * library; milliseconds from its arrival to its first use, in which a tracer may notice it (default 1000).
 */
#include <dlfcn.h>
#include <unistd.h>

#include "truth.h"

enum { ROUNDS = 500 };

const int truth_totals_inexact = 1; /* dlopen allocates */

static void *(*late_malloc)(size_t);
static void *(*late_calloc)(size_t, size_t);
static void *(*late_realloc)(void *, size_t);
static void (*late_free)(void *);

SITE static void *early(size_t size)
{
	return truth_malloc(size);
}

SITE static void *by_late_malloc(size_t size)
{
	return TRUTH_CALL(late_malloc(size), size);
}

SITE static void *by_late_calloc(size_t count, size_t size)
{
	return TRUTH_CALL(late_calloc(count, size), count * size);
}

SITE static void *by_late_realloc(void *block, size_t size)
{
	return TRUTH_REALLOC(block, late_realloc(block, size), size);
}

SITE static void late_release(void *block)
{
	truth__free(block);
	late_free(block);
}

static void *find(void *library, const char *name)
{
	void *found = dlsym(library, name);

	if (!found)
		truth__fail(name);
	return found;
}

/* Larger than all else: the peak is when this is allocated, at the end. */
SITE static void *at_the_end(void)
{
	return truth_malloc(4000000);
}

void scenario(int count, char **args)
{
	unsigned long settle = count > 2 ? strtoul(args[2], NULL, 10) : 1000;
	void *library;

	if (count < 2)
		truth__fail("which library?");
	for (size_t i = 0; i < ROUNDS; i++)
		early(i);
	library = dlopen(args[1], RTLD_NOW);
	if (!library)
		truth__fail("cannot load the library");
	*(void **)&late_malloc = find(library, "malloc");
	*(void **)&late_calloc = find(library, "calloc");
	*(void **)&late_realloc = find(library, "realloc");
	*(void **)&late_free = find(library, "free");
	usleep((useconds_t)settle * 1000);
	for (size_t i = 0; i < ROUNDS; i++) {
		void *block = by_late_malloc(2 * i), *zeroed = by_late_calloc(3, i);

		early(i);
		if (i % 3)
			block = by_late_realloc(block, 5 * i + 1);
		if (i % 2)
			late_release(block);
		if (i % 5)
			late_release(zeroed);
	}
	at_the_end();
}
