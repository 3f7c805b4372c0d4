/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files that a process has, or has had, mapped executable while it was watched: what its stack addresses refer to.
 * Files that went away with dlclose stay known, because blocks that they allocated may live on.
 *
 * Where another file comes into the place of one that went, the same address means two things. So stacks are taken in
 * eras: within one, no address ever means anything else. When what is mapped now does not fit what was known in the
 * era, it is time for another: an earlier one that it does fit, if there is one, as plugins that take turns are usual.
 */
#ifndef MEMTRAWL_TRACE_MODULES_H
#define MEMTRAWL_TRACE_MODULES_H

#include <stdbool.h>

#include "target/maps.h"

struct module {
	uint64_t start, limit, offset;
	uint64_t device, inode;
	uint16_t era;   /* the first that knows it: later ones do, too, unless something newer is there */
	char *path;     /* file, or "[vdso]", "[uprobes]"; NULL for anonymous code */
	char *build_id; /* or NULL */
	int fd;         /* of the file, or -1: another module of the same file has it, or it could not be opened */
};

/* Files are kept open, so that they can be read when the process and its root are gone: so many of one process. */
enum { MODULES_OPEN_MAX = 256 };

struct modules {
	struct module *modules; /* the newest last */
	size_t count, capacity;
	uint16_t era, era_last; /* the one that it is, and the highest number that was given */
};

/* Adds what is mapped now and was not known, and sees to the era. Returns 0 or -ENOMEM. */
int modules__update(struct modules *modules, const struct process *process, const struct maps *maps);
/* Adds copies of another's, with its descriptors of files (for a forked child) or without. Returns 0 or -ENOMEM. */
int modules__copy(struct modules *modules, const struct modules *from, bool files);
/* The module that an address is in, or was, in an era; NULL if none is known. */
const struct module *modules__find(const struct modules *modules, uint64_t address, uint16_t era);
/* The newest module of a file (its path; its build id, or NULL for one without) that began at `start`, or NULL. */
const struct module *modules__find_file(const struct modules *modules, uint64_t start, const char *path,
					const char *build_id);
/* A descriptor of the file behind a module, for the caller to close; -ENOENT if it was not kept. */
int modules__open(const struct modules *modules, const struct module *module);
void modules__free(struct modules *modules);

#endif
