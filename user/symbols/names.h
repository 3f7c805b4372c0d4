/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of places in a file, looked up in the sandbox. */
#ifndef MEMTRAWL_SYMBOLS_NAMES_H
#define MEMTRAWL_SYMBOLS_NAMES_H

#include "lib/error.h"
#include "symbols/name_set.h"

struct names_files {
	const char *name; /* of the object, for messages */
	int object;
	int debug; /* its debugging information where that is in another file, or -1 */
	int alt;   /* what that shares with others (dwz), or -1 */
};

/*
 * Adds the names of all the places to the set. The descriptors stay the caller's. Returns 0, or -errno: what the file
 * made the parser say, or that the sandbox could not be asked; then nothing was added.
 */
int names__read(const struct names_files *files, const uint64_t *offsets, size_t count, struct name_set *set,
		struct error *err);

/* The same from a perf map (symbols/perf_map.h): places are addresses in the process. */
int names__read_runtime(int map, const uint64_t *addresses, size_t count, struct name_set *set, struct error *err);

#endif
