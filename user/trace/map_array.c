/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/map_array.h"

#include <sys/mman.h>

void *map_array(int map, size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);

	return memory == MAP_FAILED ? NULL : memory;
}
