/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/jemalloc_words.h"

enum {
	PAGE = 4096,
	LARGE = 4 * PAGE,     /* blocks from there on have an extent of their own (sc.h) */
	SLAB_MAX = 16 * PAGE, /* of small ones (bin_info.h) */
	CLASS_BITS = 0xff,    /* of e_bits, */
	CLASS_SHIFT_5_0 = 18, /* from that bit on; */
	CLASS_SHIFT_5_3 = 20, /* since 5.3 there are one for guard pages and one more for the state before */
};

/* Four classes for each power of two, and multiples of 16 before (sz.h). */
unsigned jemalloc_words__class_of(uint64_t size)
{
	unsigned power;

	if (size <= 16)
		return size <= 8 ? 0 : 1;
	if (size <= 128)
		return (unsigned)((size + 15) / 16);
	power = 63 - (unsigned)__builtin_clzll(size - 1); /* 2^power < size <= 2^(power + 1) */
	return 8 + (power - 7) * 4 + (unsigned)((size - 1) >> (power - 2) & 3) + 1;
}

/* What a class above 128 bytes has room for. */
static uint64_t size_of(unsigned class)
{
	unsigned step = (class - 9) % 4 + 1, power = (class - 9) / 4 + 7;

	return (1ULL << power) + ((uint64_t)step << (power - 2));
}

/* A large one may have a page more, in which it is moved about to spare caches. */
static bool is_extent_for(uint64_t extent, uint64_t address, uint64_t size, unsigned class)
{
	if (size > LARGE - PAGE / 2) /* the largest small class is 14 KiB */
		return extent == size_of(class) || extent == size_of(class) + PAGE;
	return extent >= PAGE && extent <= SLAB_MAX && !(address & (PAGE - 1));
}

bool jemalloc_words__is_record(uint64_t before, uint64_t address, uint64_t after, uint64_t size)
{
	unsigned class = jemalloc_words__class_of(size);

	if (!is_extent_for(after & ~(uint64_t)(PAGE - 1), address, size, class))
		return false;
	return (before >> CLASS_SHIFT_5_3 & CLASS_BITS) == class || (before >> CLASS_SHIFT_5_0 & CLASS_BITS) == class;
}
