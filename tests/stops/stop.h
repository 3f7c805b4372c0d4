/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What stop.c tells its BPF program, and is told. */
#ifndef MEMTRAWL_TESTS_STOP_H
#define MEMTRAWL_TESTS_STOP_H

/* The one value of map `stops`. */
struct stop {
	__u64 countdown; /* calls until one is stopped; 0: none will be */
	__u64 tid;       /* of the thread that was stopped; 0: not yet. Set last */
	__u64 sp;        /* its stack pointer at the probe */
	__u64 caller;    /* what was on the top of its stack: the return address, before any return probe replaced it */
};

#endif
