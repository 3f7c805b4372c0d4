/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/jitter.h"

#include <math.h>

enum { STEP_BITS = 4 };
_Static_assert(1 << STEP_BITS == JITTER_STEPS, "a step is a number of bits");

static unsigned int bucket_of(uint64_t ns)
{
	unsigned int shift;

	if (ns < JITTER_STEPS)
		return (unsigned int)ns;
	shift = 63 - (unsigned int)__builtin_clzll(ns) - STEP_BITS;
	return (shift + 1) * JITTER_STEPS + (unsigned int)(ns >> shift & (JITTER_STEPS - 1));
}

/* The largest value of a bucket. */
static uint64_t end_of(unsigned int bucket)
{
	unsigned int shift;

	if (bucket < JITTER_STEPS)
		return bucket;
	shift = bucket / JITTER_STEPS - 1;
	return ((uint64_t)(JITTER_STEPS + bucket % JITTER_STEPS) << shift) + ((UINT64_C(1) << shift) - 1);
}

void jitter__add(struct jitter *jitter, uint64_t ns)
{
	jitter->count++;
	jitter->buckets[bucket_of(ns)]++;
	if (ns > jitter->max_ns)
		jitter->max_ns = ns;
}

uint64_t jitter__percentile(const struct jitter *jitter, double percent)
{
	uint64_t wanted = (uint64_t)ceil((double)jitter->count * percent / 100), seen = 0, end;

	for (unsigned int i = 0; jitter->count && i < JITTER_BUCKETS; i++) {
		seen += jitter->buckets[i];
		if (seen < wanted || !seen)
			continue;
		end = end_of(i);
		return end < jitter->max_ns ? end : jitter->max_ns;
	}
	return 0;
}
