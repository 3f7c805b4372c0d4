/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names for the frames of a profile: functions from symbol tables, files and lines and inlined calls from DWARF. */
#ifndef MEMTRAWL_SYMBOLS_SYMBOLS_H
#define MEMTRAWL_SYMBOLS_SYMBOLS_H

#include "profile/profile.h"

/* Where files come from: kept apart, so that symbols/ knows nothing of processes and their mount namespaces. */
struct symbols_source {
	void *cookie; /* the caller's own */
	/* Opens the file that backs a mapping, read-only; returns a descriptor for the taker to own, or -errno. */
	int (*open)(void *cookie, const char *filename, const char *build_id, uint64_t start);
	/* The same for a path where files with debugging information may be; NULL for none. */
	int (*open_path)(void *cookie, const char *path);
};

struct symbols_options {
	const char *debug_folders; /* colon-separated (symbols/debug_files.h); NULL for none */
	const char *cache;         /* a directory (symbols/name_cache.h); NULL for none */
	bool again;                /* names without lines are looked up again: there may be better ones by now */
};

struct symbols;

/* What was looked up is kept for the life of the object. NULL when memory is short. */
struct symbols *symbols__new(const struct symbols_source *source, const struct symbols_options *options);
void symbols__free(struct symbols *symbols);

/*
 * Fills in the lines of all locations that lie in a file and have none yet (see symbols_options.again), and sets
 * has_functions and has_lines of the mappings. A file that cannot be read or parsed, or that is not the one mapped (its
 * build id differs), costs its names only: its locations stay without lines. Returns 0 or -ENOMEM.
 */
int symbols__name_profile(struct symbols *symbols, struct profile *profile);

/*
 * The same for locations outside all files, code that was made at run time, from a perf map. Returns 0 or -ENOMEM: a
 * map that cannot be read costs names.
 */
int symbols__name_runtime_code(struct profile *profile, int perf_map);

#endif
