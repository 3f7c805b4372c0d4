/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that an ELF file, and those that belong to it, can tell about its code: symbol tables and DWARF together. */
#ifndef MEMTRAWL_SYMBOLS_OBJECT_H
#define MEMTRAWL_SYMBOLS_OBJECT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

#define OBJECT_LINES_MAX 129 /* of one address: inlined calls and their function */

/* Strings belong to the object, and are as long as the file has them. */
struct object_line {
	const char *function;    /* mangled, if at all */
	const char *system_name; /* as in the symbol table */
	const char *file;        /* NULL if unknown */
	uint32_t line;           /* 0 if unknown */
};

struct object_files {
	int object;
	int debug; /* the object's debugging information, where that is in another file; else -1 */
	int alt;   /* what that shares with others (dwz); else -1 */
};

struct object;

/* The descriptors are needed for as long as the object is. Returns 0, or -errno. */
int object__open(const struct object_files *files, const char *name, struct object **object, struct error *err);
void object__free(struct object *object);

/* Of enum name_kinds. */
unsigned int object__kinds(const struct object *object);

/* Names of the code at a file offset, innermost inlined function first: at most OBJECT_LINES_MAX; 0 if there are none.
 */
size_t object__lines(struct object *object, uint64_t offset, struct object_line *lines);

#endif
