/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of each mapping is in memory, as the kernel counts it: /proc/PID/smaps. */
#ifndef MEMTRAWL_TARGET_SMAPS_H
#define MEMTRAWL_TARGET_SMAPS_H

#include "target/maps.h"

struct smap {
	uint64_t resident_bytes;  /* Rss: pages of hugetlbfs do not count, as they do not in a process's RSS */
	uint64_t anonymous_bytes; /* of them: private pages, those of a file's mapping that were written to, too */
	uint64_t swapped_bytes;
};

struct smaps {
	struct maps maps;
	struct smap *smaps; /* one for each mapping */
	size_t count, capacity;
};

/*
 * Reads /proc/PID/smaps whole, for which the kernel walks the page tables: some milliseconds a gigabyte. -ESRCH when
 * the process is gone. *smaps is emptied first, and freed by smaps__free().
 */
int smaps__read(const struct process *process, struct smaps *smaps, struct error *err);
void smaps__free(struct smaps *smaps);

/* Adds one line, without its newline. Keys that are not known are passed over. -EINVAL if it is none, -ENOMEM. */
int smaps__add_line(struct smaps *smaps, const char *line);

#endif
