/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Captures: a process is attached to, observed for a while, and what was seen is saved with what it was taken for. Each
 * is a `memtrawl snapshot` of its own, so that nothing that goes wrong in it, or with its target, is watch's business.
 */
#ifndef MEMTRAWL_WATCH_CAPTURES_H
#define MEMTRAWL_WATCH_CAPTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "profile/profile.h"
#include "watch/loop.h"

struct captures_options {
	size_t at_once;  /* so many at the most */
	uint64_t for_ns; /* how long each one observes */
	const char *store;
	uint64_t keep;            /* snapshots of a process */
	const char *max_overhead; /* as for --max-overhead */
	const char *source;       /* as for --source */
	uint64_t top_n;           /* sites in the summary */
};

/* Who, what for, and who wants to know. */
struct capture_request {
	pid_t pid;
	uint64_t start_ns;              /* CLOCK_BOOTTIME: with the pid, its identity */
	struct profile_trigger trigger; /* copied */
	const char *name;               /* of the snapshot; NULL: one is made */
	bool replace;                   /* one of that name may be there */
	uint64_t for_ns;                /* 0: as the options say */
	void *requester;                /* for on_done */
};

struct capture_done {
	pid_t pid;
	uint64_t start_ns;
	const struct profile_trigger *trigger;
	void *requester;
	bool saved;
	const char *summary; /* saved: "memtrawl.snapshot/1" */
	const char *path;    /* saved: the snapshot's file */
	const char *reason;  /* else: why not, a line */
};

struct captures;

int captures__new(struct loop *loop, const struct captures_options *options,
		  void (*on_done)(void *cookie, const struct capture_done *done), void *cookie,
		  struct captures **captures, struct error *err);
/* Those under way are killed: nothing of them stays attached. NULL is fine. */
void captures__free(struct captures *captures);

/* For those that begin from now on. The texts stay the caller's. */
void captures__configure(struct captures *captures, const struct captures_options *options);

/* Is there room for one more, and none of this process under way? */
bool captures__can_start(const struct captures *captures, pid_t pid);
bool captures__is_under_way(const struct captures *captures, pid_t pid, uint64_t start_ns);
size_t captures__count(const struct captures *captures);

/* Returns 0, -EBUSY if there is no room, or another -errno; on_done is called only after 0. */
int captures__start(struct captures *captures, const struct capture_request *request, struct error *err);

/* All under way are to end now, with what they have seen. */
void captures__stop(struct captures *captures);

#endif
