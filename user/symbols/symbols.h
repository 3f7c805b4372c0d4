/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names for the frames of a profile: functions from symbol tables, files and lines and inlined calls from DWARF. */
#ifndef MEMTRAWL_SYMBOLS_SYMBOLS_H
#define MEMTRAWL_SYMBOLS_SYMBOLS_H

#include "profile/profile.h"
#include "symbols/perf_map.h"

/*
 * Opens the file that backs a mapping, read-only; returns a descriptor that the caller owns, or -errno.
 * `cookie` is the caller's own. Kept apart so that symbols/ knows nothing of processes and their mount namespaces.
 */
typedef int (*symbols_open_fn)(void *cookie, const char *filename, const char *build_id, uint64_t start);

struct symbols;

/* Tables are kept by build id for the life of the object. NULL when memory is short. */
struct symbols *symbols__new(symbols_open_fn open, void *cookie);
void symbols__free(struct symbols *symbols);

/*
 * Fills in the lines of all locations that lie in a file and have none yet, and sets has_functions and has_lines of
 * the mappings. A file that cannot be read or parsed, or that is not the one mapped (its build id differs), costs its
 * names only: its locations stay without lines. Returns 0 or -ENOMEM.
 */
int symbols__name_profile(struct symbols *symbols, struct profile *profile);

/* The same for locations outside all files: code that was made at run time. Returns 0 or -ENOMEM. */
int symbols__name_runtime_code(struct profile *profile, const struct perf_map *map);

#endif
