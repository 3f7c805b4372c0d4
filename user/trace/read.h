/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From maps to a profile: the last place that knows BPF. */
#ifndef MEMTRAWL_TRACE_READ_H
#define MEMTRAWL_TRACE_READ_H

#include "profile/profile.h"
#include "trace/session.h"

struct reached;
struct site_ids;

struct read_options {
	bool ages;         /* read the live table for ages: its cost grows with the number of live blocks */
	bool limit;        /* look for what memory the process may come to */
	uint64_t older_ns; /* with ages: gather live bytes at least as old into older_bytes; 0: none */
	const struct reached
		*reached;     /* what leads to live blocks, where that was looked for (trace/reached.h); or NULL */
	struct site_ids *ids; /* for looks of which only counts are kept: sites whose ids are there (trace/site_ids.h)
				 have no frames, others are put there; or NULL */
	uint64_t since_ns;    /* with ages: live bytes and objects are those of blocks born at or after this
				 time (CLOCK_MONOTONIC), to 17 ms; 0: of all */
};

/*
 * The profile of a process as it is now, or as it was when it or the session ended; without names (symbols/). The
 * caller frees it. Takes time in proportion to the number of sites, not of live blocks, unless ages are asked for.
 */
int session__profile(const struct session *session, const struct tracked *tracked, const struct read_options *options,
		     struct profile **profile, struct error *err);

/* The same of the program that a process was before its exec number `generation` + 1. -ENOENT if there was none. */
int session__profile_image(const struct session *session, const struct tracked *tracked, uint32_t generation,
			   const struct read_options *options, struct profile **profile, struct error *err);

/* The ids that a profile of the process has its sites by, from their stack keys: ids[i] of stacks[i]. */
int session__site_ids(const struct session *session, const struct tracked *tracked, const uint64_t *stacks,
		      size_t count, uint64_t *ids, struct error *err);

#endif
