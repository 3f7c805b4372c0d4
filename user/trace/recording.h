/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process's memory sampled at regular times, and what it came to between them. Its life is
 *     recording__new -> recording__begin -> recording__step ... -> recording__end -> recording__free
 */
#ifndef MEMTRAWL_TRACE_RECORDING_H
#define MEMTRAWL_TRACE_RECORDING_H

#include <stdbool.h>
#include <stdint.h>

#include "analyze/rss_series.h"
#include "lib/error.h"
#include "lib/jitter.h"
#include "rss_abi.h"
#include "target/process.h"

struct recording_options {
	const struct process *process; /* the caller's, for as long as the recording */
	uint64_t interval_ns;
	/*
	 * In order of time: samples; a peak between two of them that neither saw, where it is higher than all before it
	 * or exceeds both by more than the bound; what there was when the process ended.
	 */
	void (*on_sample)(void *cookie, const struct rss_sample *sample);
	void *cookie;
	int fd; /* recording__step() tells when it is readable; -1: none */
};

struct recording_state {
	int64_t start_time_ns;     /* since 1970 */
	uint64_t start_ns, end_ns; /* CLOCK_MONOTONIC */
	uint64_t samples, missed;  /* together the ticks that were due, from the first at time 0 on */
	uint64_t between;          /* rows beside them */
	uint64_t execs;
	bool ended;           /* the process has; else the caller was asked to stop */
	int wait_status;      /* of one that has; -1: not known */
	uint64_t bound_bytes; /* what a peak between samples may be short of, for each kind of memory */
	uint64_t cpu_ns;      /* that recording took */
	struct jitter jitter; /* of samples */
	struct mt_rss_loss loss;
	char comm[MT_RSS_COMM];
};

struct recording;

/* Loads what it needs, and sees peaks from here on. */
int recording__new(const struct recording_options *options, struct recording **recording, struct error *err);

/* Time 0 and the first sample are now. -ESRCH if there is no such process any more. */
int recording__begin(struct recording *recording, struct error *err);

/*
 * Waits until the next tick, or something happened to the process, or the descriptor is readable, or CLOCK_MONOTONIC
 * comes to `until_ns`; deals with the first two. Returns 1 when the descriptor is readable, else 0 or -errno.
 */
int recording__step(struct recording *recording, uint64_t until_ns, struct error *err);

/* After that, samples that are due are taken, and figures are final. `until_ns` is as before. */
int recording__end(struct recording *recording, uint64_t until_ns, struct error *err);

const struct recording_state *recording__state(const struct recording *recording);
void recording__free(struct recording *recording); /* NULL is fine */

#endif
