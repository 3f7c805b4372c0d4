/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Of a process that the kernel ended because memory was short, an entry in the journal: who, what it held, how it grew,
 * and the last snapshot. Where a capture is under way, that is the one, and the entry waits for it.
 */
#ifndef MEMTRAWL_WATCH_POSTMORTEM_H
#define MEMTRAWL_WATCH_POSTMORTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "rss_abi.h"
#include "watch/journal.h"

struct postmortem {
	pid_t pid;
	uint64_t start_ns;
	char comm[MT_RSS_COMM];
	const char *cgroup, *last_path; /* or NULL; copied */
	struct mt_rss_row row;          /* as the kernel chose it */
	bool growth_known;
	double growth_per_hour;
};

struct postmortems {
	struct postmortem *waiting;
	size_t count, capacity;
};

/* `wait`: for postmortems__captured(). */
void postmortems__add(struct postmortems *postmortems, struct journal *journal, const struct postmortem *postmortem,
		      bool wait);

/* A capture of the process has ended; `path` NULL: without a snapshot. */
void postmortems__captured(struct postmortems *postmortems, struct journal *journal, pid_t pid, uint64_t start_ns,
			   const char *path);

void postmortems__free(struct postmortems *postmortems);

#endif
