/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How late ticks come: percentiles to a sixteenth of their value, in memory that does not grow with their number. */
#ifndef MEMTRAWL_LIB_JITTER_H
#define MEMTRAWL_LIB_JITTER_H

#include <stdint.h>

enum { JITTER_STEPS = 16, JITTER_BUCKETS = 61 * JITTER_STEPS };

/* Starts as all 0. */
struct jitter {
	uint64_t count, max_ns;
	uint64_t buckets[JITTER_BUCKETS]; /* below JITTER_STEPS one a value, then so many for each power of two */
};

void jitter__add(struct jitter *jitter, uint64_t ns);

/* The least that `percent` of the ticks are not later than, rounded up to the end of its bucket; 0 without ticks. */
uint64_t jitter__percentile(const struct jitter *jitter, double percent);

#endif
