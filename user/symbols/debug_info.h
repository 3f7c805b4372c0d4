/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files, lines and inlined calls from DWARF, in a program or library itself or in a file of its own. */
#ifndef MEMTRAWL_SYMBOLS_DEBUG_INFO_H
#define MEMTRAWL_SYMBOLS_DEBUG_INFO_H

#include <stddef.h>
#include <stdint.h>

/* Strings belong to the debug_info, and are as long as the file has them. */
struct source_line {
	const char *function; /* linkage name where there is one, else the plain one; NULL if unknown */
	const char *file;     /* NULL if unknown */
	uint32_t line;        /* 0 if unknown */
};

struct debug_info;

/*
 * Reads the debug sections of the file, and of the one that it refers to (dwz's; -1 for none); the descriptors are not
 * needed afterwards. *info is NULL where the file has none, or such that would take too much, refer to a file that is
 * not given, or cannot be trusted: lines are an extra, and their lack no error.
 */
void debug_info__open(int fd, int alt, struct debug_info **info);
void debug_info__free(struct debug_info *info);

/*
 * The function and line of an address, innermost inlined call first, the function that was really called last.
 * Returns how many were written, at most `max`; 0 if the address is in no unit with DWARF. Units are searched only
 * when an address falls into them. Where the function is unknown, there is one entry without.
 */
size_t debug_info__lines(struct debug_info *info, uint64_t address, struct source_line *lines, size_t max);

#endif
