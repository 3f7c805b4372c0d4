/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The libraries that chains_dlopen loads, from one source: LIBRARY is what their functions' names begin with, and FRAME
 * the bytes of their frames, so that code at the same address has another rule in each.
 */
#include <string.h>

#include "truth.h"

#define NAME_(library, name) library##_##name
#define NAME(library, name)  NAME_(library, name)
#define OWN(name)            NAME(LIBRARY, name)

void library_call(size_t size, void (*back)(size_t));

static volatile int sink;

SITE static void OWN(leaf)(size_t size)
{
	truth_malloc(size);
	sink++;
}

/* The frame's size is known at run time only: by the frame pointer, that this function alone has. */
SITE static void OWN(inner)(size_t size, int length)
{
	volatile char room[length];

	room[length - 1] = 1;
	OWN(leaf)(size);
	sink += room[length - 1];
}

SITE static void OWN(calls_back)(size_t size, void (*back)(size_t))
{
	volatile char room[FRAME];

	room[0] = 1;
	back(size);
	sink += room[0];
}

/* Without `back` it is the library that allocates. */
void library_call(size_t size, void (*back)(size_t))
{
	volatile char room[2 * FRAME];

	room[0] = 1;
	if (back)
		OWN(calls_back)(size, back);
	else
		OWN(inner)(size, FRAME + (int)(size & 7));
	sink += room[0];
}
