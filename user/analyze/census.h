/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All processes of the machine, look by look: what each holds, how fast that grows, and when its cgroup or the machine
 * will be full if it goes on like that. Times are of CLOCK_MONOTONIC unless they say otherwise.
 */
#ifndef MEMTRAWL_ANALYZE_CENSUS_H
#define MEMTRAWL_ANALYZE_CENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "analyze/history.h"

/* Growth is that of the last hour, or of as much of it as was seen. */
#define CENSUS_GROWTH_NS (3600 * 1000000000ULL)

enum { CENSUS_COMM = 16, CENSUS_NO_GROUP = -1 };

/* A process as one look has it. Counts of faults and of CPU time are those since its start. */
struct census_sample {
	pid_t pid, parent;
	uint64_t start_ns; /* CLOCK_BOOTTIME: with the pid, its identity */
	uint64_t image;    /* another one after an exec */
	uint64_t ns;       /* when it was looked at */
	char comm[CENSUS_COMM];
	uint64_t rss_bytes, anon_bytes, file_bytes, shmem_bytes, swap_bytes;
	uint64_t peak_bytes, peak_ns; /* peak_ns 0: before anyone looked */
	uint64_t vm_bytes, data_bytes;
	uint64_t faults, major_faults, cpu_ns; /* faults: the major ones, too */
	uint32_t threads;
	int group;   /* index in the look's groups, or CENSUS_NO_GROUP */
	bool wanted; /* to be shown: the others count for what their cgroups do */
};

/* A cgroup. */
struct census_cgroup {
	const char *path;     /* from the root of its hierarchy, "/" for that itself; the census makes a copy */
	int parent;           /* index, smaller than its own, or CENSUS_NO_GROUP */
	uint64_t limit_bytes; /* of its own; 0: none */
	uint64_t used_bytes;  /* of what the limit is for; what the kernel can drop at once is not in it */
};

struct census_look {
	uint64_t ns;                   /* not before that of any sample */
	struct census_sample *samples; /* the census puts them in the order of their pids */
	size_t count;
	const struct census_cgroup *groups;
	size_t group_count;
	uint64_t machine_bytes, available_bytes;
};

/*
 * What a process and a cgroup both have. Those of a cgroup are the sums over the processes in it and below it; but its
 * growth is that of the sum, in which those that have come and gone in the meantime are, too.
 */
struct census_figures {
	uint64_t rss_bytes, anon_bytes, file_bytes, shmem_bytes, swap_bytes;
	uint64_t peak_bytes;    /* of a cgroup 0: its processes had theirs at different times */
	bool rates_known;       /* by two looks; else the rest is 0 */
	double growth_per_hour; /* of rss_bytes */
	double faults_per_second, major_faults_per_second, cpu_percent; /* between the last two looks */
};

/* For sums; the peak is not one. */
void census_figures__add(struct census_figures *to, const struct census_figures *from);

enum { CENSUS_LIMIT_UNKNOWN = -2, CENSUS_LIMIT_MACHINE = -1 };

/*
 * Of the limits that a process or a cgroup is under (its cgroup's, those of the ones above it, the machine's) the one
 * that is reached first, each by the growth of what it counts; if none is approached, the one with least room. What
 * processes share is charged once, so that growth is another one than that of the sum of rss_bytes.
 */
struct census_limit {
	int group; /* whose: index, or one of the above */
	uint64_t limit_bytes, used_bytes;
	bool growth_known;
	double growth_per_hour; /* of used_bytes */
	double seconds;         /* until it is reached; negative: it is not approached, as far as is known */
};

struct census_row {
	struct census_sample sample;
	struct census_figures figures;
	struct census_limit limit;
	struct history *history; /* of rss_bytes; the census's own */
};

struct census_group {
	struct census_cgroup cgroup;
	struct census_figures figures;
	struct census_limit limit;
	struct history *history;      /* as in a row */
	struct history *used_history; /* of used_bytes; NULL where there is no limit */
	size_t processes;
};

struct census {
	struct census_row *rows; /* in the order of their pids */
	size_t count;
	struct census_group *groups;
	size_t group_count;
	struct census_figures machine; /* sums over all processes */
	struct census_limit machine_limit;
	struct history machine_history, machine_used_history;
	uint64_t looks;
};

/*
 * Takes a look in: processes that are not in it any more are forgotten. 0, or -ENOMEM with an empty census.
 */
int census__look(struct census *census, struct census_look *look);
void census__free(struct census *census); /* what it points to: for another look, it is as good as new */

/* The row of whichever process has the pid, or NULL. */
const struct census_row *census__find_pid(const struct census *census, pid_t pid);

/* The row of a process, or NULL. */
const struct census_row *census__find(const struct census *census, pid_t pid, uint64_t start_ns);

#endif
