/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole files: read with a bound, written so that a reader never sees half of one. */
#ifndef MEMTRAWL_LIB_FILE_H
#define MEMTRAWL_LIB_FILE_H

#include <stddef.h>

#include "lib/error.h"

/*
 * Reads a file of at most `limit` bytes, relative to dirfd (AT_FDCWD for the working directory); works for /proc,
 * where sizes read as 0. On success *data is malloc'ed and NUL-terminated, *size its length without the NUL.
 * Returns 0, or -errno (-EFBIG above the limit); says nothing.
 */
int file__read(int dirfd, const char *path, size_t limit, char **data, size_t *size);

/*
 * Opens for reading what an O_PATH descriptor names, and closes that one: a regular file with bytes in it, else
 * -EINVAL. For paths that others choose: opening a device can do things (start a watchdog), and so can reading in /proc
 * and tracefs, whose files say that they are empty.
 */
int file__open_found(int found);

/*
 * Writes a file under a temporary name in the same folder, syncs it, renames it over `path` and syncs the folder.
 * On any failure the old file is whole and no temporary one is left; *err says why, with the remedy for a full disk.
 */
int file__replace(const char *path, const void *data, size_t size, unsigned int mode, struct error *err);

/* The same for what may be lost in a crash, whole or in part: a cache. Says nothing: 0, or -errno. */
int file__replace_unsynced(const char *path, const void *data, size_t size, unsigned int mode);

/* mkdir -p with `mode` for the folders that it makes. */
int file__make_directories(const char *path, unsigned int mode, struct error *err);

/* A folder with the files in it, but not what folders there are, as far as it can be removed. */
void file__remove_directory(const char *path);

#endif
