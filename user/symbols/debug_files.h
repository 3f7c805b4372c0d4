/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the files with a program's debugging information, where gdb looks for them too ("Separate Debug Files" of its
 * manual): by build id and by .gnu_debuglink below folders such as /usr/lib/debug, then from debuginfod servers.
 */
#ifndef MEMTRAWL_SYMBOLS_DEBUG_FILES_H
#define MEMTRAWL_SYMBOLS_DEBUG_FILES_H

#include "target/elf_facts.h"

struct debug_finder {
	const char *folders; /* colon-separated */
	/* Opens a path for reading, where the program's files are (a container's root); a descriptor, or -errno. */
	int (*open_path)(void *cookie, const char *path);
	void *cookie;
};

/*
 * The debugging information of the object at `path`: a descriptor that the caller owns, of a file that says it has the
 * same build id (or, where the object has none, has the checksum that the object says); or -ENOENT.
 */
int debug_files__open(const struct debug_finder *finder, const char *path, const struct elf_facts *facts);

/* The program or library of that build id itself, as Fedora links it: FOLDER/.build-id/ab/cdef...; or -ENOENT. */
int debug_files__open_object(const struct debug_finder *finder, const char *build_id);

/* What the file with the debugging information refers to (dwz), in the same way; -ENOENT if it refers to none. */
int debug_files__open_alt(const struct debug_finder *finder, const struct elf_facts *debug);

#endif
