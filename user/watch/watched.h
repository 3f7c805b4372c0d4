/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processes that watch looks after: what it remembers of each from look to look. */
#ifndef MEMTRAWL_WATCH_WATCHED_H
#define MEMTRAWL_WATCH_WATCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "analyze/census.h"
#include "watch/policy.h"

/* Of a figure, over all looks. */
struct watched_figure {
	double sum, min, max;
};

struct watched {
	pid_t pid;
	uint64_t start_ns; /* CLOCK_BOOTTIME: with the pid, its identity */
	uint64_t since_ns; /* first look, CLOCK_MONOTONIC */
	char comm[CENSUS_COMM];
	char *cgroup; /* its path, or NULL; owned */
	struct policy_state policy;
	struct policy_sight sight; /* of the last look */
	uint64_t samples;
	struct watched_figure rss_bytes, cpu_percent; /* cpu_percent is known from the second look on */
	uint64_t captures, failures;
	char *last_path;      /* of the last snapshot, or NULL; owned */
	uint64_t alarm_bytes; /* as it was set last; 0: it is not */
	uint64_t image;       /* that it was set for */
	bool victim;          /* the kernel is ending it */
};

struct watched_table {
	struct watched *items; /* in the order of their pids */
	size_t count;
};

/*
 * Takes the wanted processes of a census in, but for `self` and its children: new ones are added, those that are gone
 * forgotten. Growth is that over `growth_ns`, and known once a process has been looked at for as long. 0, or -ENOMEM
 * with the table as it was.
 */
int watched_table__update(struct watched_table *table, const struct census *census, pid_t self, uint64_t growth_ns);
void watched_table__free(struct watched_table *table);

/* NULL if it is not there. start_ns 0: whichever has the pid now. */
struct watched *watched_table__find(const struct watched_table *table, pid_t pid, uint64_t start_ns);

#endif
