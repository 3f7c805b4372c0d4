/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rss source: what the kernel counts of the memory of every process, or of one. Rows and their units are those of
 * bpf/rss_abi.h. Its life is
 *     rss__new -> rss__read / rss__poll ... -> rss__free
 * and nothing of it stays in the kernel after that, or after the death of memtrawl.
 */
#ifndef MEMTRAWL_TRACE_RSS_H
#define MEMTRAWL_TRACE_RSS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/error.h"
#include "rss_abi.h"

struct rss;

struct rss_options {
	pid_t only; /* this process only; 0: all */
	/*
	 * Changes of counters that a CPU may see in MT_RSS_SLICE_NS: with more, peaks are left to the kernel for as
	 * long (trace/rss_rest.h). 0: any number.
	 */
	uint32_t slice_changes;
	uint64_t interval_ns; /* of rss__start_samples(); 0: there will be none. Only with `only`. */
	/* What happens, as rss__poll() finds it; may be NULL. The row is the callback's for the time of the call. */
	void (*on_event)(void *cookie, const struct mt_rss_row *row);
	void *cookie;
};

/* Peaks are noted from here on. Refuses with the reason and the remedy. */
int rss__new(const struct rss_options *options, struct rss **rss, struct error *err);
void rss__free(struct rss *rss); /* NULL is fine */

struct rss_rows {
	struct mt_rss_row *rows;
	size_t count, capacity;
};

/* All processes as they are now, exact; kernel threads have no memory, and no row. Adds to *rows nothing of before. */
int rss__read(struct rss *rss, struct rss_rows *rows, struct error *err);
void rss_rows__free(struct rss_rows *rows);

/*
 * One process as it is now, cheaper than a read: without faults, CPU time, cgroup and parent. -ESRCH, without a
 * message, when it has no memory (any more).
 */
int rss__look(struct rss *rss, pid_t pid, struct mt_rss_row *row, struct error *err);

/*
 * Such looks come to on_event by themselves from now on, as MT_RSS_SAMPLE: the kernel takes them, an
 * interval after `since_ns` (CLOCK_MONOTONIC) and so on, late as row->ns says, and ends the waiting of rss__poll() some
 * times a second. Those for which there is no room are left out. -EOPNOTSUPP where the kernel has no such timers
 * (before 5.15).
 */
int rss__start_samples(struct rss *rss, uint64_t since_ns);

/* None is taken from now on; those that were are still to be polled for. */
void rss__stop_samples(struct rss *rss);

/* CPU time that the kernel's looks took, in nanoseconds, without the interrupts that they are taken in. */
uint64_t rss__samples_ns(const struct rss *rss);

/*
 * Waits for at most timeout_ms, and calls on_event for what has happened. With rss_options.only everything ends the
 * waiting; else alarms and victims do, and the rest is told by the next call: one in a second is enough. Returns 0,
 * -EINTR when a signal came, or another -errno.
 */
int rss__poll(struct rss *rss, int timeout_ms, struct error *err);

/* A descriptor that is readable when there is something to poll for that ends the waiting. */
int rss__fd(const struct rss *rss);

/*
 * MT_RSS_ALARM once the image that row->mm names comes to have that many bytes resident, by as much later as
 * rss__bound() says; 0: never. Set again, it tells again. -ENOENT when the image is gone.
 */
int rss__set_alarm(struct rss *rss, const struct mt_rss_row *row, uint64_t bytes);

/* What could not be noted so far: for want of room, or as the kernel left a program out. */
int rss__loss(const struct rss *rss, struct mt_rss_loss *loss);

/* For how long peaks were left to the kernel: when they were, and of what, is not known of those in that time. */
uint64_t rss__rest_ns(const struct rss *rss);

/*
 * By how many bytes at most each kind of a peak may be off: the kernel adds up in batches of pages, on each CPU (since
 * 6.2: max(32, 2 * CPUs) pages, lib/percpu_counter.c) or in each thread (before: 64 events, TASK_RSS_EVENTS_THRESH in
 * mm/memory.c, of up to 64 KiB where a file's pages are mapped around the one that was asked for, fault_around_bytes).
 */
uint64_t rss__bound(const struct rss *rss, unsigned int threads);

/* Of counts by kind, as rows have them: the bytes that are resident. */
uint64_t rss__resident(const __u64 pages[MT_RSS_KINDS]);

#endif
