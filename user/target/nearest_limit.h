/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one of the limits that a process is under which has the least room left. */
#ifndef MEMTRAWL_TARGET_NEAREST_LIMIT_H
#define MEMTRAWL_TARGET_NEAREST_LIMIT_H

#include <stdint.h>
#include <sys/types.h>

struct nearest_limit {
	char *cgroup;         /* whose it is, malloc'ed; NULL: the machine's memory */
	uint64_t limit_bytes; /* 0: nothing could be found out */
	uint64_t used_bytes;  /* by all that the limit is for; what the kernel can drop at once is not in it */
};

/* `proc` is as for limits__new(). Never fails: what is not known is 0. */
struct nearest_limit nearest_limit__of(const char *proc, pid_t pid);

#endif
