/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Stack memory on its way to becoming frames: a thread's window on it. */
#ifndef MEMTRAWL_WINDOW_BPF_H
#define MEMTRAWL_WINDOW_BPF_H

#include "threads.bpf.h"

/* Two words of the stack. Where frames have a frame pointer and it points here, the caller's and the return address. */
struct frame_record {
	u64 next;
	u64 pc;
};

static __always_inline void window__empty(struct mt_thread *thread)
{
	thread->window_start = ~0ULL >> 1; /* no address is near */
	thread->window_reach = 0;
}

enum { WINDOW_BYTES = MT_WINDOW * sizeof(u64), WORDS_BYTES = sizeof(struct frame_record), PAGE_BYTES = 4096 };

/* Says of a number of bytes below WINDOW_BYTES that it is, in a way that the verifier of 5.10 follows. */
static __always_inline u64 window__bounded(u64 size)
{
	barrier_var(size);
	return size & (WINDOW_BYTES - 1);
}

/*
 * Reads stack memory from `address` on into the window; false if it cannot be read. A read from user memory costs 60 to
 * 120 ns however short it is, and one that fails many times that. So as much is read at once as many frames take; and
 * where that went beyond the stack's end once, reads end at that page from then on. (They still begin beyond it where a
 * walk leads there: pages come back.)
 */
static __always_inline bool window__read(struct mt_thread *thread, u64 address)
{
	u64 size = WINDOW_BYTES, left = thread->window_edge - address;

	if (left >= WORDS_BYTES && left < WINDOW_BYTES)
		size = window__bounded(left);
	window__empty(thread);
	if (bpf_probe_read_user(thread->window, size, (void *)address)) {
		left = PAGE_BYTES - address % PAGE_BYTES;
		if (left < WORDS_BYTES || left >= size)
			return false;
		thread->window_edge = address + left;
		size = window__bounded(left);
		if (bpf_probe_read_user(thread->window, size, (void *)address))
			return false;
	}
	thread->window_start = address;
	thread->window_reach = size - WORDS_BYTES;
	return true;
}

/* The same as a global function, which the verifier looks at once, and not in each step of a walk. */
__noinline u32 unwind__read(u32 tid, u64 address)
{
	struct mt_thread *thread = thread__find(tid);

	return thread && window__read(thread, address);
}

/*
 * The word at `address` and the one above it; NULL if they cannot be read. Both are to be used before the next call.
 */
static __always_inline const struct frame_record *window__at(struct mt_thread *thread, u32 tid, u64 address)
{
	u64 offset = address - thread->window_start;

	if (offset > thread->window_reach) {
		if (!unwind__read(tid, address))
			return NULL;
		offset = 0;
	}
	return (const struct frame_record *)&thread->window[offset / sizeof(u64) & (MT_WINDOW - 1)];
}

static __always_inline bool window__word(struct mt_thread *thread, u32 tid, u64 address, u64 *word)
{
	const struct frame_record *frame = window__at(thread, tid, address);

	if (!frame)
		return false;
	*word = frame->next;
	return true;
}

#endif
