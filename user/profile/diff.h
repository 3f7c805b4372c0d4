/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two profiles, site by site. Sites are matched by id, so the profiles may come from different hosts and processes;
 * after an upgrade ids differ wherever code moved, and it is the analysis (analyze/group.h) that joins by function.
 */
#ifndef MEMTRAWL_PROFILE_DIFF_H
#define MEMTRAWL_PROFILE_DIFF_H

#include "profile/profile.h"

struct diff_site {
	uint64_t id;
	const struct profile_site *before, *after; /* one of them is NULL where the site is in one profile only */
};

/* Refers to both profiles, which must outlive it and not change. */
struct diff {
	const struct profile *before, *after;
	struct diff_site *sites; /* those of `after` in its order, then those that are in `before` only */
	size_t count, capacity;
};

/* `before` may be NULL: all of `after` is new then. NULL when memory is short. */
struct diff *diff__new(const struct profile *before, const struct profile *after);
void diff__free(struct diff *diff);

struct change {
	int64_t absolute; /* after - before */
	double relative;  /* absolute / before: 0.5 is half as much again; infinite for what was 0, 0 if it still is */
};

/* Of two counts below 2^63. */
struct change change__of(uint64_t before, uint64_t after);

/* What a site's counts changed by; a side where it is not there counts as 0. */
struct site_change {
	struct change live_bytes, live_objects, alloc_bytes, alloc_objects;
};

struct site_change diff__site_change(const struct diff_site *site);

#endif
