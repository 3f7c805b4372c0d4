/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process that a session follows: what is mapped in it, the allocators that were found there, and the links to them.
 * Processes come into a session by session__add() (trace/session.h), and by fork.
 */
#ifndef MEMTRAWL_TRACE_TRACKED_H
#define MEMTRAWL_TRACE_TRACKED_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"
#include "target/allocators.h"
#include "target/process.h"
#include "trace/attach.h"
#include "trace/modules.h"

struct session;

/* A file that has links. They outlive its mapping: a library that is unloaded may come back. */
struct attached_file {
	uint64_t device, inode;
};

struct tracked {
	struct process *process;
	uint32_t slot;
	uint32_t generation;    /* exec calls seen */
	bool armed;             /* not followed before it calls exec */
	bool ended;             /* exited, or (unless exec is followed) became another program */
	bool replaced;          /* it ended by exec */
	int exit_code;          /* wait status, if it exited */
	struct process_rss rss; /* as read last */
	uint64_t scanned_ns;    /* when its mappings were read last */
	uint64_t look_due_ns;   /* from when on they may be because a stack led to unknown code */
	bool unsearched;        /* and allocators were not looked for in them yet */
	struct maps maps;
	struct modules modules;
	struct allocators allocators;
	struct attached_file *attached;
	size_t attached_count, attached_capacity;
	struct links links;
};

/* How many exec calls came before the program that counts: the one that it becomes unfollowed does not. */
uint32_t tracked__image(const struct tracked *tracked);

/*
 * Reads what is mapped now: modules and unwind tables. Quick, and to be done at once when a library was loaded, as it
 * may be gone again when the next look comes.
 */
int tracked__look(struct session *session, struct tracked *tracked, struct error *err);
/* Looks for allocators in what was read, and attaches to those that are new. Takes ten times as long. */
int tracked__search(struct session *session, struct tracked *tracked, struct error *err);

/* Puts the probes on allocations back on (session__pause() takes them off). */
int tracked__attach_allocations(struct session *session, struct tracked *tracked, struct error *err);
/* Takes it that all allocators found in the process have links already. -ENOMEM. */
int tracked__note_attached(struct tracked *tracked);

/*
 * For another thread, while the session's own one goes on: who process number `number` is, and what code is known of
 * it; a copy that has no links and no allocators. False when there is no such number; NULL in *view when memory is
 * short. The caller frees it with tracked__free().
 */
bool session__view(struct session *session, size_t number, struct tracked **view);

void tracked__free(struct tracked *tracked); /* NULL is fine */

#endif
