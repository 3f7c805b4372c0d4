/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * What the programs enforce of the overhead budget by themselves, while nobody in user space looks after the session
 * (user/trace/budget.c does otherwise). They cannot take probes off, and they do not know the target's CPU time; what
 * they know is how much of each CPU's time went into probes. A budget of b percent allows b / (100 + b) of it even to a
 * target that does nothing but allocate. Above that an adaptive session samples, four times as rarely at every look,
 * and one that may not sample, or has come to the longest period, records no more allocations; frees go on. Whoever
 * takes over undoes it.
 */
#ifndef MEMTRAWL_BUDGET_BPF_H
#define MEMTRAWL_BUDGET_BPF_H

#include "account.bpf.h"
#include "sampling.h"

enum {
	BUDGET_CALLS = 1024,               /* between two looks of a CPU, a power of two */
	BUDGET_WINDOW_NS = 100000000,      /* and at least so much time */
	BUDGET_UNATTENDED_NS = 2000000000, /* after the last sign of life of user space */
};

static __always_inline void budget__act(struct mt_session *s, u64 now)
{
	u64 period = s->period ? s->period * 4 : MT_PERIOD_USUAL;

	if (s->adaptive && period <= MT_PERIOD_MAX) {
		s->period = period;
		if (period > s->largest_period)
			s->largest_period = period;
	} else if (!s->paused) {
		s->capped_ns = now;
		s->paused = 1;
	}
}

/* Called at every allocation call; once in a while it looks. */
static __always_inline void budget__watch(const struct owner *owner)
{
	struct mt_counters *c = owner->counters;
	struct mt_session *s = owner->session;
	u64 calls = c->alloc_calls, now, probes_ns, elapsed;

	if (calls & (BUDGET_CALLS - 1) || !s->max_overhead)
		return;
	now = bpf_ktime_get_ns();
	elapsed = now - c->look_ns;
	if (elapsed < BUDGET_WINDOW_NS)
		return;
	probes_ns = (calls - c->look_calls) * s->cost_call + (c->returns - c->look_returns) * s->cost_return +
		    (c->free_calls - c->look_frees) * s->cost_free;
	/* the first look begins a window: with what was there before somebody was looking after the session */
	if (c->look_ns && now - s->attended_ns > BUDGET_UNATTENDED_NS &&
	    probes_ns * (10000 + s->max_overhead) > elapsed * s->max_overhead)
		budget__act(s, now);
	c->look_ns = now;
	c->look_calls = calls;
	c->look_returns = c->returns;
	c->look_frees = c->free_calls;
}

#endif
