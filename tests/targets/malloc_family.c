/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every function of the C library that allocates or frees, each from a site of its own. */
#include <malloc.h>

#include "truth.h"

SITE static void *by_malloc(size_t size)
{
	return truth_malloc(size);
}

SITE static void *by_calloc(size_t count, size_t size)
{
	return truth_calloc(count, size);
}

SITE static void *by_realloc(void *block, size_t size)
{
	return truth_realloc(block, size);
}

SITE static void *by_reallocarray(void *block, size_t count, size_t size)
{
	return truth_reallocarray(block, count, size);
}

SITE static void *by_posix_memalign(size_t align, size_t size)
{
	return truth_posix_memalign(align, size);
}

SITE static void *by_aligned_alloc(size_t align, size_t size)
{
	return truth_aligned_alloc(align, size);
}

SITE static void *by_memalign(size_t align, size_t size)
{
	return truth_memalign(align, size);
}

SITE static void *by_valloc(size_t size)
{
	return TRUTH_CALL(valloc(size), size);
}

#ifdef __GLIBC__
/* jemalloc, which is known by this function, has no pvalloc; the C library's would give blocks that it cannot free. */
void *mallocx(size_t size, int flags) __attribute__((weak));

SITE static void *by_pvalloc(size_t size)
{
	return mallocx ? NULL : TRUTH_CALL(pvalloc(size), size);
}
#endif

SITE static void by_free(void *block)
{
	truth_free(block);
}

/* Each function makes three blocks of odd sizes, small, middling and beyond any mmap threshold; one of each is freed.
 */
static const size_t sizes[] = {24, 5001, 3000001};
enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };

void scenario(int count, char **args)
{
	(void)count;
	(void)args;
	for (size_t i = 0; i < SIZES; i++) {
		void *blocks[] = {
			by_malloc(sizes[i]),
			by_calloc(7, sizes[i]),
			by_realloc(NULL, sizes[i]),
			by_realloc(by_malloc(sizes[i] / 2), sizes[i]),
			by_reallocarray(NULL, 3, sizes[i]),
			by_reallocarray(by_calloc(1, 100), 5, sizes[i]),
			by_posix_memalign(64, sizes[i]),
			by_posix_memalign(8192, sizes[i]),
			by_aligned_alloc(128, sizes[i] / 128 * 128 + 128),
			by_memalign(4096, sizes[i]),
			by_memalign(32, sizes[i]),
			by_valloc(sizes[i]),
#ifdef __GLIBC__
			by_pvalloc(sizes[i]),
#endif
		};

		for (size_t b = i % 2; b < sizeof(blocks) / sizeof(blocks[0]); b += 2)
			by_free(blocks[b]);
	}
	by_free(NULL);
}
