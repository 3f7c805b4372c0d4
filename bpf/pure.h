/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* For headers with pure functions: compiled into the BPF programs and into user space, where they are unit-tested. */
#ifndef MEMTRAWL_PURE_H
#define MEMTRAWL_PURE_H

#include <linux/types.h>

#ifndef __bpf__ /* vmlinux.h has it there */
#include <stdbool.h>
#endif

#define MT_INLINE static inline __attribute__((always_inline, unused))

/* Before a loop of a few rounds: every round its own code. */
#ifdef __clang__
#define MT_UNROLL _Pragma("clang loop unroll(full)")
#else
#define MT_UNROLL _Pragma("GCC unroll 16")
#endif

#endif
