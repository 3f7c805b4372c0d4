/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A thread that does one thing again and again, beside a loop that must not wait for it. */
#ifndef MEMTRAWL_LIB_TICKER_H
#define MEMTRAWL_LIB_TICKER_H

#include <stdint.h>

struct ticker;

/* Does it, at `now`; returns when to be called next. Both are of CLOCK_MONOTONIC, in nanoseconds. */
typedef uint64_t ticker_step(void *context, uint64_t now);

/* Calls `step` at once and from then on. Signals go to other threads. NULL when memory or threads are short. */
struct ticker *ticker__start(ticker_step *step, void *context);

/* Waits for a step that is under way: none comes after it. NULL is fine. */
void ticker__stop(struct ticker *ticker);

#endif
