/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Baselines: profiles that later ones are compared with, one for a process, or one for all processes of a build. They
 * are kept in the store's folder `baselines`, as <pid>-<start ticks>.pb.gz and build-<build id>.pb.gz, and are none of
 * the snapshots that the store lists and lets go.
 */
#ifndef MEMTRAWL_PROFILE_BASELINES_H
#define MEMTRAWL_PROFILE_BASELINES_H

#include <stdint.h>
#include <sys/types.h>

#include "lib/error.h"
#include "profile/profile.h"

/* Whose it is. */
struct baseline_owner {
	pid_t pid; /* 0: a build's */
	uint64_t start_ticks;
	const char *build_id; /* lower-case hex; borrowed */
};

/* "PID 812", or "build aa11". Returns `text`. */
char *baseline_owner__describe(const struct baseline_owner *owner, char *text, size_t size);

/* Replaces the one that is there. `directory` is the store's, and made if need be. */
int baselines__save(const char *directory, const struct baseline_owner *owner, const struct profile *profile,
		    struct error *err);
/* -ENOENT with the remedy where there is none. */
int baselines__load(const char *directory, const struct baseline_owner *owner, struct profile **profile,
		    struct error *err);
int baselines__remove(const char *directory, const struct baseline_owner *owner, struct error *err);

#endif
