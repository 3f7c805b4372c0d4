/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What traps cost on this machine, measured on functions of our own with programs that do nothing. */
#ifndef MEMTRAWL_TRACE_CALIBRATE_H
#define MEMTRAWL_TRACE_CALIBRATE_H

#include "lib/error.h"
#include "trace/rung.h"

struct heap_bpf;

/* Nanoseconds a call, over the call itself. */
struct trap_costs {
	double emulated;    /* a probe on an instruction that the kernel emulates (push) */
	double stepped;     /* on one that it single-steps (test) */
	double with_return; /* an emulated one whose return is caught too */
	double skipped; /* an allocation entry whose return is not wanted: on the session rung alone it is cheaper */
};

/* Takes some 20 ms; medians of several rounds. */
int calibrate__traps(const struct heap_bpf *heap, enum rung rung, struct trap_costs *costs, struct error *err);

#endif
