/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of places in one object: what the sandbox answers with, what is kept of it, and what is stored on disk. */
#ifndef MEMTRAWL_SYMBOLS_NAME_SET_H
#define MEMTRAWL_SYMBOLS_NAME_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/wire.h"

#define NAME_NONE UINT32_MAX

enum { NAME_LINES_MAX = 129 }; /* of one place: inlined calls and their function */

/* Numbers of strings. */
struct name_line {
	uint32_t function;    /* demangled */
	uint32_t system_name; /* as in the symbol table */
	uint32_t file;        /* NAME_NONE if unknown */
	uint32_t line;        /* 0 if unknown */
};

/* What the object has: flags. */
enum name_kinds {
	NAMES_FUNCTIONS = 1, /* symbols or debugging information */
	NAMES_LINES = 2,     /* debugging information */
};

struct name_set;

struct name_set *name_set__new(void); /* NULL when memory is short */
void name_set__free(struct name_set *set);

/* The number of a string, which the set has once; NAME_NONE for NULL, or when memory is short. */
uint32_t name_set__string(struct name_set *set, const char *text);
const char *name_set__text(const struct name_set *set, uint32_t string); /* NULL for NAME_NONE */

/* Says what is at a place, innermost inlined function first; that there is no name is an answer, too. 0 or -ENOMEM. */
int name_set__add(struct name_set *set, uint64_t place, const struct name_line *lines, size_t count);

/* False if nothing was said of the place. *lines is valid until the next thing is added. */
bool name_set__find(const struct name_set *set, uint64_t place, const struct name_line **lines, size_t *count);

/* What names were made from, of all that was added to the set. */
void name_set__mark(struct name_set *set, unsigned int kinds);
unsigned int name_set__kinds(const struct name_set *set);

size_t name_set__count(const struct name_set *set); /* places */

/* As a message. */
void name_set__put(const struct name_set *set, struct buf *message);

/*
 * Adds the places of a message which nothing was said of before, and what it says of their names' making. 0, -ENOMEM,
 * or -EPROTO for what is no such message: of that nothing is added.
 */
int name_set__read(struct name_set *set, struct wire *wire);

/* The same of another set. 0 or -ENOMEM. */
int name_set__merge(struct name_set *set, const struct name_set *from);

#endif
