/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that one ELF file can tell about its code: symbol table and DWARF together. */
#ifndef MEMTRAWL_SYMBOLS_OBJECT_H
#define MEMTRAWL_SYMBOLS_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OBJECT_LINES_MAX 129 /* of one address: inlined calls and their function */

/* Strings belong to the object, and are as long as the file has them. */
struct object_line {
	const char *function;    /* mangled, if at all */
	const char *system_name; /* as in the symbol table */
	const char *file;        /* NULL if unknown */
	uint32_t line;           /* 0 if unknown */
};

struct object;

/* Needs the descriptor no longer than the call. Returns 0, or -errno. */
int object__open(int fd, const char *name, struct object **object);
void object__free(struct object *object);

const char *object__build_id(const struct object *object); /* or NULL */
bool object__has_functions(const struct object *object);
bool object__has_lines(const struct object *object);

/* Names of the code at a file offset, innermost inlined function first: at most OBJECT_LINES_MAX; 0 if there are none.
 */
size_t object__lines(struct object *object, uint64_t offset, struct object_line *lines);

#endif
