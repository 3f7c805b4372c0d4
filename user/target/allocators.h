/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Allocator discovery: which functions of which mapped files to probe, and where in them. */
#ifndef MEMTRAWL_TARGET_ALLOCATORS_H
#define MEMTRAWL_TARGET_ALLOCATORS_H

#include "target/alloc_object.h"
#include "target/maps.h"
#include "target/process.h"

/* A file in which there are no functions to probe. */
struct alloc_other_file {
	uint64_t device, inode;
};

struct allocators {
	struct alloc_object *objects;
	size_t count, capacity;
	struct alloc_other_file *others; /* what was looked into in vain */
	size_t other_count, other_capacity;
	uint64_t specs_found; /* bit i: the spec number i names a function that is there (of the first 64) */
	char *unreadable;     /* why a file could not be read, of the last such file; NULL if all could */
};

/*
 * Looks at every file that is mapped executable in the process. Files that cannot be parsed are passed over and
 * noted in `unreadable`. Objects without functions to probe are left out. Functions that are one and the same (aliases
 * at one address, names that only jump to another) appear once. Returns 0 or -errno; freed by allocators__free().
 */
int allocators__discover(const struct process *process, const struct maps *maps, const struct alloc_spec *specs,
			 size_t spec_count, struct allocators *allocators, struct error *err);
/*
 * The same for a process that was looked at before, with the same specs: only files that were not seen then are looked
 * into, as the others take a program with many libraries milliseconds. On failure *allocators is empty.
 */
int allocators__renew(const struct process *process, const struct maps *maps, const struct alloc_spec *specs,
		      size_t spec_count, struct allocators *allocators, struct error *err);
void allocators__free(struct allocators *allocators);

/* Is there a function that allocates (not only the loader's rendezvous)? */
bool allocators__any(const struct allocators *allocators);

const struct alloc_object *allocators__find(const struct allocators *allocators, uint64_t device, uint64_t inode);

#endif
