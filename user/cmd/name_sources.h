/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where names come from: settings of the environment, the same for every verb. */
#ifndef MEMTRAWL_CMD_NAME_SOURCES_H
#define MEMTRAWL_CMD_NAME_SOURCES_H

#include "symbols/symbols.h"

/*
 * MEMTRAWL_DEBUG_DIR (colon-separated folders with debugging information; /usr/lib/debug) and MEMTRAWL_NAME_CACHE (a
 * folder, or `off`; for root /var/cache/memtrawl, else off). Strings are the environment's.
 */
struct symbols_options name_sources__options(void);

/*
 * As symbols_source.open, for files that are looked for here: as named, below the folder that `cookie` is (a string;
 * may be NULL), by build id below MEMTRAWL_DEBUG_DIR as distributions link them there, and from debuginfod servers.
 * With a build id, only a file that has it will do.
 */
int name_sources__open(void *cookie, const char *filename, const char *build_id, uint64_t start);

/* Opens a regular file for reading, as symbols_source.open_path; the cookie is not used. */
int name_sources__open_path(void *cookie, const char *path);

#endif
