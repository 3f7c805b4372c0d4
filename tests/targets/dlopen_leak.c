/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads a library, which leaks, and unloads it again, many times: sites in code that is gone at the end. */
#include <dlfcn.h>

#include "truth.h"

enum { ROUNDS = 100 };

const int truth_totals_inexact = 1; /* dlopen allocates */

SITE static void *before(size_t size)
{
	return truth_malloc(size);
}

/* Larger than all that libc may hold in between: the peak is when this is allocated, at the end. */
SITE static void *at_the_end(void)
{
	return truth_malloc(4000000);
}

void scenario(int count, char **args)
{
	(void)count;
	(void)args;
	for (size_t i = 0; i < ROUNDS; i++) {
		void *library = dlopen("libtarget_leak.so", RTLD_NOW); /* beside the program, by its run path */
		void (*call)(size_t);

		if (!library)
			truth__fail("cannot load libtarget_leak.so");
		*(void **)&call = dlsym(library, "lib_call");
		before(i);
		call(100 + i);
		if (dlclose(library) != 0)
			truth__fail("dlclose");
	}
	at_the_end();
}
