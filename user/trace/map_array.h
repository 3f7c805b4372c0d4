/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MEMTRAWL_TRACE_MAP_ARRAY_H
#define MEMTRAWL_TRACE_MAP_ARRAY_H

#include <stddef.h>

/* The values of an array map (BPF_F_MMAPABLE), to read and to write; NULL if they cannot be mapped. To be unmapped. */
void *map_array(int map, size_t size);

#endif
