/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The records of threads. One that is not there is made at the thread's first call, and removed when it exits. */
#ifndef MEMTRAWL_THREADS_BPF_H
#define MEMTRAWL_THREADS_BPF_H

#include "maps.bpf.h"

_Static_assert((MT_THREAD_SLOTS & (MT_THREAD_SLOTS - 1)) == 0, "a power of two");

static const struct mt_thread thread_zero;

static __always_inline struct mt_thread *thread_slot(u32 tid)
{
	u32 index = tid & (MT_THREAD_SLOTS - 1);

	return bpf_map_lookup_elem(&thread_slots, &index);
}

static __always_inline struct mt_thread *thread__get(bool hashed, u32 tid)
{
	if (!hashed) {
		struct mt_thread *slot = thread_slot(tid);

		if (!slot || slot->tid == tid)
			return slot;
		if (!slot->spilled)
			return NULL;
	}
	return bpf_map_lookup_elem(&threads, &tid);
}

/* In map `threads`. NULL if it is full. */
static __always_inline struct mt_thread *thread__make_spilled(u32 tid)
{
	struct mt_thread *slot = thread_slot(tid);

	if (bpf_map_update_elem(&threads, &tid, &thread_zero, BPF_NOEXIST))
		return NULL;
	if (slot)
		__sync_fetch_and_add(&slot->spilled, 1);
	return bpf_map_lookup_elem(&threads, &tid);
}

/* For a thread that has none. NULL if the table is full. */
static __always_inline struct mt_thread *thread__make(bool hashed, u32 tid)
{
	struct mt_thread *slot = hashed ? NULL : thread_slot(tid);

	if (!hashed && slot && __sync_val_compare_and_swap(&slot->tid, 0, tid) == 0)
		return slot;
	return thread__make_spilled(tid);
}

/* Whichever table it is in. */
static __always_inline struct mt_thread *thread__find(u32 tid)
{
	struct mt_thread *slot = thread_slot(tid);

	return slot && slot->tid == tid ? slot : bpf_map_lookup_elem(&threads, &tid);
}

/* The slot is left as the next thread must find it. */
static __always_inline void thread__remove(u32 tid)
{
	struct mt_thread *slot = thread_slot(tid);

	if (slot && slot->tid == tid) {
		slot->mode = 0;
		slot->last_address = 0;
		slot->stack_key = 0;
		*(volatile u32 *)&slot->tid = 0;
	} else if (!bpf_map_delete_elem(&threads, &tid) && slot && slot->spilled) {
		__sync_fetch_and_add(&slot->spilled, -1);
	}
}

#endif
