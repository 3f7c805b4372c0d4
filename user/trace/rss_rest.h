/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rss source's tracepoint costs something each time, even if its program does nothing. Where it comes too often
 * (MT_RSS_SLICE_CHANGES), its program is taken away for a while. The kernel's own peaks go on, and so those that are
 * told stay what they are; but when they were, and of what, is not known of those that fall into a rest, and an alarm
 * comes after it.
 */
#ifndef MEMTRAWL_TRACE_RSS_REST_H
#define MEMTRAWL_TRACE_RSS_REST_H

#include <bpf/libbpf.h>
#include <stdint.h>

struct rss_rest {
	const struct bpf_program *program;
	struct bpf_link **link; /* of the program: the caller's to keep; NULL during a rest */
	int timer;              /* readable when a rest is over; -1: not yet made */
	uint64_t began_ns;      /* CLOCK_MONOTONIC; 0: at work */
	uint64_t total_ns;      /* of those that are over */
};

/* 0 or -errno. After a failure, too, it is to be freed. */
int rss_rest__init(struct rss_rest *rest, const struct bpf_program *program, struct bpf_link **link);
void rss_rest__free(struct rss_rest *rest);

/* Takes the program away; nothing if it is away. */
void rss_rest__begin(struct rss_rest *rest);

/* Puts it back if it has been away for MT_RSS_SLICE_NS; if that fails, it is tried again after as long. */
void rss_rest__end_when_due(struct rss_rest *rest);

/* How long the program has been away in all. */
uint64_t rss_rest__ns(const struct rss_rest *rest);

#endif
