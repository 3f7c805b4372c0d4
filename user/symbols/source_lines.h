/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of the source lines that a profile's frames are at, where the files can be read. Which files are opened is
 * said by the debugging information of foreign programs: only regular files whose names end as those of sources do.
 */
#ifndef MEMTRAWL_SYMBOLS_SOURCE_LINES_H
#define MEMTRAWL_SYMBOLS_SOURCE_LINES_H

#include "profile/profile.h"

enum {
	SOURCE_LINE_MAX = 200,
	SOURCE_FILE_MAX = 64 << 20
}; /* bytes: a longer line is cut, of a larger file none read */

struct source_lines;

/*
 * Reads the lines of all frames. A path is looked for as it is, and below `folder`: whole, then without its first part,
 * its first two, and so on. NULL for `folder` is the path as it is only. NULL when memory is short.
 */
struct source_lines *source_lines__read(const struct profile *profile, const char *folder);
void source_lines__free(struct source_lines *lines);

/* The line without what is white at its beginning and its end; NULL if it is not known. As the file has it otherwise.
 */
const char *source_lines__find(const struct source_lines *lines, const char *file, uint32_t line);

#endif
