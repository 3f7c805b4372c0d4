/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of `watch`: from the command line, and from a file that may be read again while it runs. */
#ifndef MEMTRAWL_CMD_WATCH_OPTIONS_H
#define MEMTRAWL_CMD_WATCH_OPTIONS_H

#include "cmd/options.h"
#include "cmd/report_options.h"
#include "cmd/tracing_options.h"
#include "watch/daemon.h"

struct watch_options {
	struct tracing_options targets; /* of it, who is watched */
	bool all;
	const char *config;
	const char *rss_threshold, *growth_threshold;
	uint64_t limit_percent;
	uint64_t min_interval_ns, for_ns, interval_ns, growth_ns, hook_ns;
	uint64_t keep, captures, top_n;
	int source;
	const char *max_overhead, *on_capture, *journal, *socket, *store;

	char **words;       /* what was parsed: the texts are in there; owned */
	char *journal_path; /* owned */
	pid_t *pids;        /* owned */
	size_t pid_count;
};

/*
 * Parses the command line, and before it the file of --config: lines of "name = value" as the long options without
 * dashes, flags alone; those that begin with # do not count. The command line wins. Returns as options__parse().
 */
int watch_options__parse(int argc, char **argv, struct watch_options *options, struct error *err);
void watch_options__free(struct watch_options *options);

/* What the daemon wants to know. Texts stay the options'. A usage error says which option is wrong. */
int watch_options__daemon(const struct watch_options *options, struct daemon_options *daemon, struct error *err);

#endif
