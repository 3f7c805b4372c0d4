/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tracing session: BPF programs loaded, processes attached, maps to read. Its life is
 *     session__new -> session__add... -> session__begin -> session__poll... -> session__end -> session__free
 * and at any time after begin, session__profile (trace/read.h) gives what was seen so far. A session belongs to the
 * process that made it, unless it is pinned (trace/pin.h).
 */
#ifndef MEMTRAWL_TRACE_SESSION_H
#define MEMTRAWL_TRACE_SESSION_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/clock.h"
#include "lib/error.h"
#include "memtrawl.h"
#include "trace/programs.h"
#include "trace/rung.h"
#include "trace/tracked.h"
#include "unwind.h"

struct session_options {
	uint64_t period;     /* bytes between samples at the start; 0: every allocation */
	bool adaptive;       /* the budget may raise the period */
	double max_overhead; /* percent; 0: no budget */
	enum mt_unwind_mode unwind;
	uint32_t frames;    /* 1 to MT_FRAMES_MAX */
	uint32_t live_max;  /* entries of the live table */
	uint32_t sites_max; /* entries of the site and the stack tables */
	bool follow_forks;
	bool count_details;
	bool hold;                      /* mt_session.hold can be set */
	bool mappings;                  /* mmap, munmap, mremap and brk, too */
	bool heap;                      /* what allocators give out */
	bool pages;                     /* who touched the pages that are resident; one of the two at least */
	uint64_t resident_max;          /* with pages: room for so many bytes of them */
	const struct alloc_spec *specs; /* custom allocators; borrowed for the life of the session */
	size_t spec_count;
};

#define RESIDENT_DEFAULT (8ULL << 30) /* which take 32 MiB */

extern const struct session_options session_defaults;

/*
 * The kernel's side, as descriptors: of the maps that were loaded, or of pinned ones. -1 for those that the rung lacks,
 * and, of the last nine, for those of what is not traced: mappings, pages.
 */
struct session_maps {
	int session, processes, counters, targets, free_slots, ended, sites, stacks, buckets, live, thread_slots,
		threads, probes, events, unwind_mappings, unwind_pages, unwind_rules, unwind_chunks, unwind_cache,
		regions, mapping_sites, mapping_calls, mapping_locks, mapping_registers, pages, page_sites, page_seed,
		page_calls;
};

struct budget;
struct ring_buffer;
struct unwinding;

struct session {
	struct session_options options;
	enum rung rung;
	struct programs programs;
	struct session_maps maps;
	char *pins;                /* directory of its pins, or NULL: links that are made later are pinned there too */
	struct mt_session *shared; /* map `session`, mapped */
	struct mt_process *processes; /* map `processes`, mapped: MT_SLOTS_MAX of them */
	struct ring_buffer *events;
	struct links links; /* tracepoints */
	struct tracked **tracked;
	size_t count, capacity;
	pthread_mutex_t lock; /* held by session__poll() while it changes `tracked`: for session__view() */
	struct budget *budget;
	struct unwinding *unwinding; /* of the process that looks after the session; NULL in others */
	bool follow_exec;            /* go on with the new program in the same slot */
	void (*on_image_end)(struct session *session, struct tracked *tracked); /* before that: its books are closed */
	void (*on_change)(struct session *session); /* processes or their files are not what they were */
	char *note;      /* of whoever pinned it, kept with its description for whoever takes over; may be NULL */
	uint64_t end_ns; /* when it was ended, CLOCK_MONOTONIC; 0 before */
};

/* The maps by number, with the names that they have in the object and among pins. */
enum { SESSION_MAPS = sizeof(struct session_maps) / sizeof(int) };
const char *session_maps__name(int number);

/* Loads the programs on the first rung that the kernel can do. Refuses with the reason and the remedy. */
int session__new(const struct session_options *options, struct session **session, struct error *err);

/*
 * Finds the allocators of a process and attaches to them, without counting yet. Takes over `process`, also on failure.
 * `armed` counts only from its next exec on. Refuses a process without allocators unless it is armed.
 */
int session__add(struct session *session, struct process *process, bool armed, struct error *err);

/* Counting begins, for all processes at once. */
void session__begin(struct session *session);

/*
 * Handles what has happened (exec, exit, fork, dlopen) and keeps the budget; waits for at most timeout_ms for an event.
 * Returns 0, -EINTR when a signal came, or another -errno.
 */
int session__poll(struct session *session, int timeout_ms, struct error *err);

/* Takes it that a process has ended, with such a wait status. */
void session__note_end(struct session *session, size_t number, int exit_code);

/* Have all processes ended? */
bool session__all_ended(const struct session *session);

/* Looks for new mappings of a process, and attaches to allocators in them. Done at dlopen; harmless at any time. */
int session__rescan(struct session *session, struct tracked *tracked, struct error *err);

/* Takes the allocation probes off, or puts them back on; frees stay watched, so that what is tracked stays true. */
int session__pause(struct session *session, bool pause, struct error *err);

/* The parts that session__new() and session__open_pinned() (trace/pin.h) have in common. NULL when memory is short. */
struct session *session__allocate(void);
int session__map_arrays(struct session *session, struct error *err);
int session__open_events(struct session *session, struct error *err);

/* Counting stops: maps keep their contents, probes are removed. Idempotent. */
void session__end(struct session *session);
void session__free(struct session *session);

/* How long allocation probes were off, in nanoseconds, the pause included that the programs may be in by themselves. */
uint64_t session__paused_ns(const struct mt_session *shared);
/* A pause that goes on, if there is one, is over. */
void session__settle_pause(struct mt_session *shared, uint64_t now);

/* Sums of the per-CPU counters of a slot. */
int session__counters(const struct session_maps *maps, uint32_t slot, struct mt_counters *counters);

/* What CLOCK_REALTIME was at a time of CLOCK_MONOTONIC, by both clocks as they are now. */
int64_t unix_ns_of(uint64_t monotonic);

#endif
