/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The maps of the heap source. User space sets the sizes of sites, stacks, the live table and threads before it loads
 * them. */
#ifndef MEMTRAWL_MAPS_BPF_H
#define MEMTRAWL_MAPS_BPF_H

#include "kernel.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct mt_session);
} session SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, MT_SLOTS_MAX);
	__type(key, u32);
	__type(value, struct mt_process);
} processes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, MT_SLOTS_MAX);
	__type(key, u32);
	__type(value, struct mt_counters);
} counters SEC(".maps");

/* Slot of a process by its pid, for what is not reached through a probe's cookie. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MT_SLOTS_MAX);
	__type(key, u32);
	__type(value, u32);
} targets SEC(".maps");

/* Free slots for forked children. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, MT_SLOTS_MAX);
	__type(value, u32);
} free_slots SEC(".maps");

/* Images that called exec, by MT_PROCESS. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4 * MT_SLOTS_MAX);
	__type(key, u32);
	__type(value, struct mt_process);
} ended SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MT_SITES_DEFAULT);
	__type(key, struct mt_site_key);
	__type(value, struct mt_site);
} sites SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MT_SITES_DEFAULT);
	__type(key, u64);
	__type(value, struct mt_stack);
} stacks SEC(".maps");

/* The live table: one of these two. User space reads the first through a mapping. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, MT_LIVE_DEFAULT / MT_BUCKET_BLOCKS);
	__type(key, u32);
	__type(value, struct mt_bucket);
} buckets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MT_LIVE_DEFAULT);
	__type(key, struct mt_live_key);
	__type(value, struct mt_live);
} live SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MT_THREAD_SLOTS);
	__type(key, u32);
	__type(value, struct mt_thread);
} thread_slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MT_THREADS_MAX);
	__type(key, u32);
	__type(value, struct mt_thread);
} threads SEC(".maps");

/* Cookies by (pid, probed address), where the kernel has no attach cookies for uprobes (before 5.15, 7adfc6c9b315). */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct mt_probe_key);
	__type(value, u64);
} probes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 18);
} events SEC(".maps");

static const u32 zero;

static __always_inline struct mt_session *the_session(void)
{
	return bpf_map_lookup_elem(&session, &zero);
}

static __always_inline void count_loss(struct mt_counters *c, enum mt_loss loss)
{
	__sync_fetch_and_add(&c->loss[loss], 1);
}

static __always_inline u64 now_ns(struct mt_counters *c)
{
	u64 jiffies = bpf_jiffies64();

	if (c->jiffies != jiffies) {
		c->now_ns = bpf_ktime_get_ns();
		c->jiffies = jiffies;
	}
	return c->now_ns;
}

#endif
