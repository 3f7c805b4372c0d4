/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mappings of a process, and the files behind them, whatever became of their paths. */
#ifndef MEMTRAWL_TARGET_MAPS_H
#define MEMTRAWL_TARGET_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/process.h"

struct mapping {
	uint64_t start, limit;  /* addresses [start, limit) */
	uint64_t offset;        /* in the file */
	uint64_t device, inode; /* inode is 0 for anonymous memory */
	bool readable, writable, executable, shared;
	bool deleted; /* the path was " (deleted)", which is taken off */
	char *path;   /* as in /proc/PID/maps, unescaped (\012): a file, "[vdso]", "[heap]"; NULL for anonymous */
};

struct maps {
	struct mapping *mappings; /* by address */
	size_t count, capacity;
};

/* Reads /proc/PID/maps whole. -ESRCH when the process is gone. *maps is emptied first, and freed by maps__free(). */
int maps__read(const struct process *process, struct maps *maps, struct error *err);
void maps__free(struct maps *maps);

/*
 * Adds one line of /proc/PID/maps, without its newline, to those added before: lines come by address, and of two that
 * overlap the later is right. -EINVAL if it is none, -ENOMEM.
 */
int maps__add_line(struct maps *maps, const char *line);

/* The mapping with the address in it, or NULL. */
const struct mapping *maps__find(const struct maps *maps, uint64_t address);

/*
 * Opens the file behind a mapping read-only: /proc/PID/map_files/START-LIMIT first (right for deleted and replaced
 * files and other mount namespaces), then /proc/PID/root/PATH provided device and inode are the mapping's. Returns a
 * descriptor, or -errno. Only regular files are opened.
 */
int maps__open_file(const struct process *process, const struct mapping *mapping);

/*
 * A path that leads to the mapping's inode for as long as the process lives, for interfaces that take no descriptor:
 * /proc/PID/map_files/..., or /proc/PID/root/PATH as above. Returns 0, or -errno.
 */
int maps__file_path(const struct process *process, const struct mapping *mapping, char *path, size_t size);

#endif
