/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions that only some allocators have: cfree, C23's sized frees, and jemalloc's own. What is not there at run
 * time is left out, so the account says what this allocator was asked.
 */
#include "truth.h"

void cfree(void *block) __attribute__((weak));
void free_sized(void *block, size_t size) __attribute__((weak));
void free_aligned_sized(void *block, size_t align, size_t size) __attribute__((weak));
void *mallocx(size_t size, int flags) __attribute__((weak));
void *rallocx(void *block, size_t size, int flags) __attribute__((weak));
void dallocx(void *block, int flags) __attribute__((weak));
void sdallocx(void *block, size_t size, int flags) __attribute__((weak));

SITE static void *plain(size_t size)
{
	return truth_malloc(size);
}

SITE static void *aligned(size_t size)
{
	return truth_aligned_alloc(64, size);
}

SITE static void *by_mallocx(size_t size)
{
	return TRUTH_CALL(mallocx(size, 0), size);
}

SITE static void *by_rallocx(void *block, size_t size)
{
	return TRUTH_REALLOC(block, rallocx(block, size, 0), size);
}

SITE static void by_cfree(void *block)
{
	truth__free(block);
	cfree(block);
}

SITE static void by_free_sized(void *block, size_t size)
{
	truth__free(block);
	free_sized(block, size);
}

SITE static void by_free_aligned_sized(void *block, size_t align, size_t size)
{
	truth__free(block);
	free_aligned_sized(block, align, size);
}

SITE static void by_dallocx(void *block)
{
	truth__free(block);
	dallocx(block, 0);
}

SITE static void by_sdallocx(void *block, size_t size)
{
	truth__free(block);
	sdallocx(block, size, 0);
}

void scenario(int count, char **args)
{
	(void)count;
	(void)args;
	for (size_t i = 1; i <= 100; i++) {
		plain(10 * i);
		aligned(64 * i);
		if (cfree && !mallocx) /* jemalloc has no cfree, and the C library's does not know its blocks */
			by_cfree(plain(2 * i));
		if (free_sized)
			by_free_sized(plain(i), i);
		if (free_aligned_sized)
			by_free_aligned_sized(aligned(64 * i), 64, 64 * i);
		if (mallocx && rallocx && dallocx && sdallocx) {
			by_mallocx(i);
			by_dallocx(by_mallocx(3 * i));
			by_sdallocx(by_rallocx(by_mallocx(5 * i), 7 * i), 7 * i);
			by_rallocx(plain(i), 9 * i);
		}
	}
	truth__extra("has_cfree", cfree && !mallocx);
	truth__extra("has_free_sized", free_sized != NULL);
	truth__extra("has_mallocx", mallocx != NULL);
}
