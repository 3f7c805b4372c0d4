// SPDX-License-Identifier: GPL-2.0-or-later
// The same as chains.c while an exception is in flight: the destructor is called from the landing pad of the function
// that is being left, when the frames below it are gone.
#include "truth.h"

static volatile int sink;

SITE static void leaf(size_t size)
{
	truth_malloc(size);
	sink = sink + 1;
}

namespace
{
struct Guard {
	size_t size;
	~Guard();
};
} // namespace

SITE Guard::~Guard()
{
	leaf(size);
	sink = sink + 1;
}

SITE static void throws()
{
	sink = sink + 1;
	throw 1;
}

SITE static void is_left(size_t size)
{
	Guard guard{size};

	throws();
}

SITE static void catches(size_t size, size_t after)
{
	try {
		is_left(size);
	} catch (int) {
		leaf(after);
	}
	sink = sink + 1;
}

extern "C" const int truth_totals_inexact = 1; // exceptions are allocated

extern "C" void scenario(int, char **)
{
	catches(1101, 1102);
	sink = sink + 1;
}
