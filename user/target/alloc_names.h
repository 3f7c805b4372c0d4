/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions that allocators are made of: names, and which argument is what. */
#ifndef MEMTRAWL_TARGET_ALLOC_NAMES_H
#define MEMTRAWL_TARGET_ALLOC_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/error.h"
#include "memtrawl.h"
#include "target/probe_site.h"

/* Which of PROBE_ARGUMENTS is which. */
enum alloc_argument { ALLOC_BLOCK, ALLOC_SIZE, ALLOC_COUNT };

struct alloc_signature {
	enum mt_class class;
	int arguments[PROBE_ARGUMENTS]; /* zero-based positions by enum alloc_argument, or PROBE_NO_ARGUMENT */
};

enum alloc_family {
	ALLOC_FAMILY_NONE,
	ALLOC_FAMILY_C,      /* malloc's own: an object with it is an allocator */
	ALLOC_FAMILY_PREFIX, /* the same under an allocator's prefix, je_malloc; or its extensions, mallocx */
	ALLOC_FAMILY_CXX,    /* operator new and delete: probed only in objects that are allocators themselves */
	ALLOC_FAMILY_JUMP,   /* longjmp, which matters where allocators call back: custom ones */
	ALLOC_FAMILY_LOADER, /* the dynamic loader's rendezvous: _dl_debug_state */
	ALLOC_FAMILY_KERNEL, /* what asks the kernel for memory: mmap, brk, and their kind */
	ALLOC_FAMILY_EXIT,   /* how a process ends itself: _Exit */
	ALLOC_FAMILY_CUSTOM, /* named on the command line */
};

/* What a function of that name is; ALLOC_FAMILY_NONE for all others. */
enum alloc_family alloc_names__find(const char *name, struct alloc_signature *signature);

/* A function named on the command line: of which object, and what it does. */
struct alloc_spec {
	char *object; /* file name, or the start of it up to a dot or the end: "libfoo" matches libfoo.so.1 */
	char *function;
	struct alloc_signature signature;
};

/*
 * Parses --alloc 'LIB:FUNC(size=arg1) -> ptr' (also count=argN, ptr=argN for a realloc; out=argN, and no "-> ptr", for
 * one that stores the block's address there) and, with is_free, --free 'LIB:FUNC(ptr=arg1)'. argN counts from 1 to 5. A
 * usage error says what is wrong.
 */
int alloc_spec__parse(const char *text, bool is_free, struct alloc_spec *spec, struct error *err);
void alloc_spec__free(struct alloc_spec *spec);
/* Is `path` the file that the spec names? */
bool alloc_spec__matches_object(const struct alloc_spec *spec, const char *path);

#endif
