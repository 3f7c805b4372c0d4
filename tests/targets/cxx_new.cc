/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operators new and delete: plain, array, aligned, sized, nothrow. In most allocators they call malloc and free,
 * so the site is found further out in the stack. Aligned sizes are multiples of the alignment, as some libraries round
 * them up before they call the allocator; a size of 0 becomes 1 in some, so there is none.
 */
#include <new>

#include "truth.h"

extern "C" {

SITE static void *new_plain(std::size_t size)
{
	return TRUTH_CALL(::operator new(size), size);
}

SITE static void *new_array(std::size_t size)
{
	return TRUTH_CALL(::operator new[](size), size);
}

SITE static void *new_nothrow(std::size_t size)
{
	return TRUTH_CALL(::operator new(size, std::nothrow), size);
}

SITE static void *new_array_nothrow(std::size_t size)
{
	return TRUTH_CALL(::operator new[](size, std::nothrow), size);
}

SITE static void *new_aligned(std::size_t size)
{
	return TRUTH_CALL(::operator new(size, std::align_val_t(64)), size);
}

SITE static void *new_array_aligned(std::size_t size)
{
	return TRUTH_CALL(::operator new[](size, std::align_val_t(256)), size);
}

struct point {
	double x, y, z;
};

SITE static point *new_expression(double x)
{
	return static_cast<point *>(TRUTH_CALL((new point{x, 2, 3}), sizeof(point)));
}

SITE static long *new_array_expression(std::size_t count)
{
	return static_cast<long *>(TRUTH_CALL(new long[count], count * sizeof(long)));
}

SITE static void delete_plain(void *block)
{
	truth__free(block);
	::operator delete(block);
}

SITE static void delete_array(void *block)
{
	truth__free(block);
	::operator delete[](block);
}

SITE static void delete_sized(void *block, std::size_t size)
{
	truth__free(block);
	::operator delete(block, size);
}

SITE static void delete_array_sized(void *block, std::size_t size)
{
	truth__free(block);
	::operator delete[](block, size);
}

SITE static void delete_nothrow(void *block)
{
	truth__free(block);
	::operator delete(block, std::nothrow);
}

SITE static void delete_aligned(void *block)
{
	truth__free(block);
	::operator delete(block, std::align_val_t(64));
}

SITE static void delete_aligned_sized(void *block, std::size_t size)
{
	truth__free(block);
	::operator delete(block, size, std::align_val_t(64));
}

SITE static void delete_array_aligned(void *block)
{
	truth__free(block);
	::operator delete[](block, std::align_val_t(256));
}

SITE static void delete_expression(point *block)
{
	truth__free(block);
	delete block;
}

SITE static void delete_array_expression(long *block)
{
	truth__free(block);
	delete[] block;
}

void scenario(int, char **)
{
	for (std::size_t i = 1; i <= 100; i++) {
		new_plain(i);
		new_array(2 * i);
		new_nothrow(3 * i);
		new_array_nothrow(4 * i);
		new_aligned(64 * i);
		new_array_aligned(256 * i);
		new_expression(static_cast<double>(i));
		new_array_expression(i);
		delete_plain(new_plain(1000 + i));
		delete_sized(new_plain(10 * i), 10 * i);
		delete_array(new_array(11 * i));
		delete_array_sized(new_array(12 * i), 12 * i);
		delete_nothrow(new_nothrow(13 * i));
		delete_array(new_array_nothrow(14 * i));
		delete_aligned(new_aligned(128 * i));
		delete_aligned_sized(new_aligned(192 * i), 192 * i);
		delete_array_aligned(new_array_aligned(512 * i));
		delete_expression(new_expression(0));
		delete_array_expression(new_array_expression(3 * i));
		delete_plain(nullptr);
	}
}
}
