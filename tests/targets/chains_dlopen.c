/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Call chains as in chains.c, through a library that is loaded under way, and then through another one in its place.
 * From each dlopen() on, one stack after the other is made until any tracer must have seen the library: block sizes
 * tell when that was, in units of TICK_NS, and the depth of the recursion makes each stack a site of its own.
 */
#include <dlfcn.h>
#include <link.h>
#include <time.h>
#include <unistd.h>

#include "truth.h"

enum { ROUNDS = 100, PAUSE_US = 1500, TICK_NS = 10000, TIMED = 100000, SECOND = 20000 };

typedef void library_call_t(size_t size, void (*back)(size_t));

static library_call_t *call;
static volatile int sink;

SITE static void leaf(size_t size)
{
	truth_malloc(size);
	sink++;
}

SITE static void recurse(int depth, size_t size)
{
	if (depth > 1)
		recurse(depth - 1, size);
	else
		leaf(size);
	sink++;
}

SITE static void called_back(size_t size)
{
	leaf(size);
	sink++;
}

SITE static void calls_again(size_t size)
{
	call(size, NULL);
	sink++;
}

static int depth;

SITE static void recurses(size_t size)
{
	recurse(depth, size);
	sink++;
}

SITE static void calls_library(size_t size, void (*back)(size_t))
{
	call(size, back);
	sink++;
}

static long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000 + now.tv_nsec;
}

static size_t ticks(long since)
{
	size_t passed = (size_t)((now_ns() - since) / TICK_NS);

	return passed < SECOND ? passed : SECOND - 1;
}

SITE static void until_noticed(long since, size_t base)
{
	for (depth = 1; depth <= ROUNDS; depth++) {
		calls_library(base + ticks(since), recurses);
		usleep(PAUSE_US);
	}
	sink++;
}

static struct link_map *load(const char *name, long *since)
{
	struct link_map *library = dlopen(name, RTLD_NOW); /* beside the program, by its run path */

	*since = now_ns();
	if (!library)
		truth__fail("cannot load the library");
	*(void **)&call = dlsym(library, "library_call");
	return library;
}

SITE static void through(size_t size)
{
	calls_library(size + 1, NULL);
	calls_library(size + 2, called_back);
	calls_library(size + 3, calls_again);
	sink++;
}

const int truth_totals_inexact = 1; /* dlopen allocates */

void scenario(int count, char **args)
{
	struct link_map *library;
	ElfW(Addr) address;
	long since;

	(void)count;
	(void)args;
	library = load("libchains_first.so", &since);
	until_noticed(since, TIMED);
	through(1200);
	address = library->l_addr;
	if (dlclose(library))
		truth__fail("dlclose");
	library = load("libchains_second.so", &since);
	until_noticed(since, TIMED + SECOND);
	through(1300);
	truth__extra("at_the_same_address", library->l_addr == address);
	sink++;
}
