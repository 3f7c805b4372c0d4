/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one file has of an allocator: which functions to probe, and where in them. */
#ifndef MEMTRAWL_TARGET_ALLOC_OBJECT_H
#define MEMTRAWL_TARGET_ALLOC_OBJECT_H

#include "sandbox/wire.h"
#include "target/alloc_names.h"
#include "target/elf_file.h"
#include "target/probe_site.h"

struct alloc_function {
	char *name;
	enum alloc_family family;
	struct alloc_signature signature;
	uint64_t entry;   /* file offset of the function */
	uint64_t address; /* its virtual address in the file */
	uint64_t size;    /* 0 if unknown */
	struct probe_site site;
	struct probe_site past_syscall; /* of ALLOC_FAMILY_KERNEL; its offset is 0 where there is no such place */
	bool forwards;                  /* only while they are looked for */
	bool leaf;                      /* calls no other probed function: see MT_COOKIE_LEAF_SHIFT */
};

struct alloc_object {
	uint64_t device, inode; /* its identity, and */
	char *path;             /* as in the process's maps: filled in by who knows them */
	char *build_id;         /* or NULL */
	const char *kind; /* "glibc", "jemalloc" ...; "custom" for named functions, "allocator" for unknown ones */
	uint64_t start;   /* of a mapping of it */
	struct alloc_function *functions;
	size_t count, capacity;
};

/*
 * Has a file looked at in the sandbox: `path` is for messages, and says which of the specs mean this file. Functions
 * that are one and the same (aliases at one address, names that only jump to another) appear once; there may be none at
 * all. Bit i of *specs_found says that the spec number i names a function that is there (of the first 64). Returns 0 or
 * -errno; freed by alloc_object__free() in any case.
 */
int alloc_object__read(int fd, const char *path, const struct alloc_spec *specs, size_t spec_count,
		       struct alloc_object *object, uint64_t *specs_found, struct error *err);
void alloc_object__free(struct alloc_object *object);

/*
 * Its second half: what the sandbox has answered; bit i of *specs_found is of the specs that it was given. 0, -ENOMEM
 * or -EPROTO; freed in any case.
 */
int alloc_object__parse_reply(struct wire *wire, struct alloc_object *object, uint64_t *specs_found);

/* What the sandbox does for it; all specs mean this file. Fills in an empty object. Returns 0, -ENOMEM, -EIO. */
int alloc_object__parse(const struct elf_file *file, const struct alloc_spec *specs, size_t spec_count,
			struct alloc_object *object, uint64_t *specs_found);

/* The one of the strings that `kind` can be which equals `text`; NULL if none does. */
const char *alloc_object__kind(const char *text);

/* The attach cookie of a function, probed at one of its sites, for the process in `slot`. */
uint64_t alloc_function__cookie(const struct alloc_function *function, const struct probe_site *site, uint32_t slot);

#endif
