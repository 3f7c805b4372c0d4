/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Spikes: where RSS rose a lot in a short time. Found in one pass, in memory for the rows of one window and the spikes.
 *
 * A spike begins with the first sample that is more than `rise` above the lowest of those at most `within` before it,
 * and counts from that lowest one (the last of several). A sample that is higher still, and in its turn more than
 * `rise` above the lowest of its own window, raises the spike's top. The spike is over at the first sample that
 *  - is `within` or more after the top, or
 *  - is more than `rise` below the top: it has come down, and what rises from there is another one, or
 *  - is above the top, but has not risen by more than `rise` in its window: RSS grows on, but not so fast.
 * What comes after looks no further back than the top. So each rise is one spike, however many windows it takes.
 */
#ifndef MEMTRAWL_ANALYZE_SPIKES_H
#define MEMTRAWL_ANALYZE_SPIKES_H

#include <stdbool.h>
#include <stddef.h>

#include "analyze/rss_series.h"

struct spikes_options {
	uint64_t rise_kb;
	uint64_t within_us;
};

#define SPIKES_RISE_BYTES (UINT64_C(20) << 20)
#define SPIKES_WITHIN_NS  UINT64_C(1000000000)

struct spike {
	uint64_t start_us, top_us;
	uint64_t start_kb, top_kb; /* RSS at these times */
};

struct spike_moment {
	uint64_t time_us, rss_kb;
};

/* Start with the options set and all else 0; spikes__finish() before the list is read; spikes__free() at the end. */
struct spikes {
	struct spikes_options options;
	struct spike *list;
	size_t count, capacity;
	bool failed; /* memory was short: the list is not whole */

	struct spike current;
	bool inside;
	/* the lowest sample of the window, the lowest of those after it, and so on: a ring */
	struct spike_moment *lows;
	size_t first, low_count, low_capacity;
};

/* Samples in order of time. */
void spikes__add(struct spikes *spikes, const struct rss_sample *sample);
void spikes__finish(struct spikes *spikes);
void spikes__free(struct spikes *spikes);

double spike__seconds(const struct spike *spike);
/* Bytes per second; 0 if it took no time that the file knows of. */
double spike__rate(const struct spike *spike);

#endif
