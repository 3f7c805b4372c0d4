/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cgroups that the kernel charges memory to: where they are, how much each may have and has. Of version 1's memory
 * controller where that is mounted, else of version 2. And the same of the machine as a whole.
 */
#ifndef MEMTRAWL_TARGET_LIMITS_H
#define MEMTRAWL_TARGET_LIMITS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/error.h"

struct limits;

enum { LIMITS_NONE = -1 };

struct limits_cgroup {
	const char *path;     /* from the root of the hierarchy that this process sees, "/" for that itself */
	int parent;           /* index, smaller than its own, or LIMITS_NONE */
	uint64_t limit_bytes; /* memory.limit_in_bytes, memory.max; 0: none */
	/* Only where there is a limit, else 0: what is charged, but for the inactive part of the page cache, which
	 * the kernel drops before the limit does any harm. */
	uint64_t used_bytes;
};

/* `proc` is "/proc", or a folder of a test's. Machines without cgroups have none, and that is no error. */
int limits__new(const char *proc, struct limits **limits, struct error *err);
void limits__free(struct limits *limits); /* NULL is fine */

/* Figures are read anew from here on. Indexes and paths of before may not be used any more. */
void limits__begin_look(struct limits *limits);

/*
 * The cgroup with that inode, in which the process is: an index, or LIMITS_NONE if it cannot be found. The process is
 * asked once for each cgroup that is not known yet.
 */
int limits__find(struct limits *limits, uint64_t inode, pid_t pid);

/* The cgroup in which a process is, or LIMITS_NONE. */
int limits__find_process(struct limits *limits, pid_t pid);

/* All that are known; the figures are those of this look for the cgroups that were found in it and those above them. */
const struct limits_cgroup *limits__cgroups(struct limits *limits, size_t *count);

/* MemTotal and MemAvailable of /proc/meminfo; 0, or a negative errno. */
int limits__machine(const struct limits *limits, uint64_t *total, uint64_t *available);

/* "123\n" -> 123; what stands for no limit ("max", and about INT64_MAX in version 1) -> 0. -EINVAL for other text. */
int limits__parse_limit(const char *text, uint64_t *bytes);

/* The number behind a word at the start of a line, "total_inactive_file 4096" or "MemTotal:  123 kB"; 0: not there. */
uint64_t limits__parse_word(const char *text, const char *word);

#endif
