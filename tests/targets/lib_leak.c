/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The library that dlopen_leak loads: it leaks, and is unloaded before anyone can ask for its functions' names. */
#include "truth.h"

void lib_call(size_t size);

SITE void *lib_leak(size_t size)
{
	return truth_malloc(size);
}

SITE static void *lib_scratch(size_t size)
{
	return truth_calloc(1, size);
}

SITE static void lib_release(void *block)
{
	truth_free(block);
}

SITE void lib_call(size_t size)
{
	void *block = lib_scratch(3 * size);

	lib_leak(size);
	lib_release(block);
}
