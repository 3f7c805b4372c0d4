/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A CSV file that grows while a recording goes on: standard output, or a file that is there from the start. Rows are
 * gathered and written whole, at the latest a second after they came: a reader, or a crash of the machine's user, finds
 * whole lines. When the disk is full, rows that cannot be written are counted and let go, and each write tries again.
 *
 * A file may be kept to a size. Then rss.csv becomes rss.1.csv when it is full, that one rss.2.csv, and so on; the
 * oldest is removed, and each begins with the header: at most 1 + `keep` files of at most `limit` bytes.
 */
#ifndef MEMTRAWL_PROFILE_SERIES_FILE_H
#define MEMTRAWL_PROFILE_SERIES_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

enum { SERIES_FILE_LIMIT_MIN = 4096, SERIES_FILE_KEEP_MAX = 9999 };

struct series_file_options {
	const char *path;   /* NULL: standard output */
	const char *header; /* with its end of line */
	uint64_t limit;     /* bytes of a file, SERIES_FILE_LIMIT_MIN or more; 0: none */
	uint64_t keep;      /* full files, beside the one that grows */
};

struct series_file;

/* Replaces what is there, and with a limit the full files of an earlier recording too. */
int series_file__new(const struct series_file_options *options, struct series_file **file, struct error *err);

/* Adds a line, with its end. `now_ns` is any clock that does not go back. */
void series_file__add(struct series_file *file, const char *line, size_t size, uint64_t now_ns);

/* Writes what is older than a second, or is a lot; to be called now and then when no lines come. */
void series_file__tend(struct series_file *file, uint64_t now_ns);

struct series_file_state {
	uint64_t rows, bytes; /* that were written, in all files; the bytes with headers */
	uint64_t lost_rows;   /* that could not be written */
	uint64_t rotations;   /* how often a file became full */
	int code;             /* -errno of the first failure, 0: none */
	bool reader_gone;     /* of a pipe: nothing can be written any more */
};

const struct series_file_state *series_file__state(const struct series_file *file);

/* Writes the rest, and closes; the state stays until series_file__free(). */
void series_file__close(struct series_file *file);
void series_file__free(struct series_file *file); /* NULL is fine */

#endif
