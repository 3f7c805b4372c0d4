/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of all verbs that attach: who, how exactly, and at what cost. */
#ifndef MEMTRAWL_CMD_TRACING_OPTIONS_H
#define MEMTRAWL_CMD_TRACING_OPTIONS_H

#include <sys/types.h>

#include "cmd/options.h"
#include "trace/session.h"

struct tracing_options {
	const char *pids;
	const char *comm;
	const char *cgroup;
	bool follow_forks;
	bool mappings;
	const char *source;
	uint64_t resident_max;
	const char *sample;
	const char *max_overhead;
	const char *unwind;
	uint64_t frames, live_max, sites_max;
	struct option_strings allocs, frees;
};

extern const struct option target_option_table[];  /* -p, --comm, --cgroup */
extern const struct option tracing_option_table[]; /* the others */
enum { TARGET_OPTION_COUNT = 3, TRACING_OPTION_COUNT = 12 };

#define TRACING_OPTIONS_DEFAULT                                                                                        \
	{                                                                                                              \
		.frames = 64, .live_max = MT_LIVE_DEFAULT, .sites_max = MT_SITES_DEFAULT,                              \
		.resident_max = RESIDENT_DEFAULT                                                                       \
	}
#define TARGET_GROUP(options)                                                                                          \
	{                                                                                                              \
		target_option_table, TARGET_OPTION_COUNT, (options)                                                    \
	}
#define TRACING_GROUP(options)                                                                                         \
	{                                                                                                              \
		tracing_option_table, TRACING_OPTION_COUNT, (options)                                                  \
	}

/*
 * Turns them into session options; `default_overhead` is the budget in percent when none was given, 0 for off. The
 * specs of --alloc and --free are owned by the caller: free with tracing_options__free_specs(). A usage error says
 * which option is wrong and what would be right.
 */
int tracing_options__session(const struct tracing_options *options, double default_overhead,
			     struct session_options *session, struct error *err);
void tracing_options__free_specs(struct session_options *session);

/* Was nothing said of how to trace? */
bool tracing_options__are_default(const struct tracing_options *options);

/* With --source auto: pages, if none of the processes has an allocator that is known. */
void tracing_options__choose_source(const struct tracing_options *options, const pid_t *pids, size_t count,
				    struct session_options *session);

/* The processes that are asked for, without duplicates. *pids is malloc'ed. At least one, or an error. */
int tracing_options__pids(const struct tracing_options *options, pid_t **pids, size_t *count, struct error *err);

#endif
