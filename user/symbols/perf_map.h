/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of code that was made at run time, as JIT compilers write them for perf: a line "START SIZE NAME" each, the two
 * numbers in hex (tools/perf/Documentation/jit-interface.txt in the kernel's sources). Code that takes the place of
 * other code is told by a later line.
 */
#ifndef MEMTRAWL_SYMBOLS_PERF_MAP_H
#define MEMTRAWL_SYMBOLS_PERF_MAP_H

#include <stddef.h>
#include <stdint.h>

struct perf_map;

/* Files are read up to this size, and what is beyond is left out: they grow for as long as the process lives. */
enum { PERF_MAP_BYTES_MAX = 256 << 20 };

/*
 * Reads the file, of which nothing is trusted: lines that are none are left out. The descriptor stays the caller's.
 * Returns 0, -ENOMEM or what read() said; *map is freed by perf_map__free().
 */
int perf_map__read(int fd, struct perf_map **map);
void perf_map__free(struct perf_map *map); /* NULL is fine */

/* The name of the code at the address, valid as long as the map is; NULL if there is none. The last line told counts.
 */
const char *perf_map__find(const struct perf_map *map, uint64_t address);

#endif
