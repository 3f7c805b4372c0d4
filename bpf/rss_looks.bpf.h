/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Looks at one process at short intervals, for a recording: an iterator takes the kernel many times as long to make and
 * to read. Faults, CPU time and cgroup are not in them.
 */
#ifndef MEMTRAWL_RSS_LOOKS_BPF_H
#define MEMTRAWL_RSS_LOOKS_BPF_H

#include "rss_events.bpf.h"

/* False if it has no memory (any more), or went while it was looked at. */
static __always_inline bool look_at(u32 tgid, struct mt_rss_row *row)
{
	const struct owner *owner = bpf_map_lookup_elem(&owners, &tgid);
	const struct task_struct *task;
	const struct mm_struct *mm;
	struct mt_rss_image *image;
	u64 key;

	if (!owner)
		return false;
	task = (const void *)owner->task;
	mm = BPF_CORE_READ(task, mm);
	key = (u64)mm;
	if (!mm)
		return false;
	image = bpf_map_lookup_elem(&images, &key);
	__builtin_memset(row, 0, sizeof(*row));
	row->mm = key;
	row->ns = bpf_ktime_get_ns();
	row->tgid = BPF_CORE_READ(task, tgid);
	row->start_ns = BPF_CORE_READ(task, start_boottime);
	row->threads = BPF_CORE_READ(task, signal, nr_threads);
	BPF_CORE_READ_STR_INTO(&row->comm, task, comm);
	row__count(row, mm, image);
	image__forget_high(image);
	return row->tgid == tgid && BPF_CORE_READ(task, mm) == mm;
}

/* ---- when user space asks */

/* User space has it mapped. */
struct mt_rss_row looked;

SEC("raw_tp")
int rss_look(struct bpf_raw_tracepoint_args *ctx)
{
	return look_at(ctx->args[0], &looked);
}

/* ---- at regular times, by a timer of the kernel's: user space is woken once for many of them */

/* Set before loading. */
const volatile __u64 sample_interval_ns = 1;
const volatile __u32 samples_a_wake;

/* CLOCK_MONOTONIC: the first sample is an interval later. 0: no more of them. */
__u64 sampling_since_ns;

/* What that took, without the interrupts. */
__u64 sampling_cost_ns;

struct sampler {
	struct bpf_timer timer;
	u32 unread; /* samples since user space was woken */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct sampler);
} samplers SEC(".maps");

enum { CLOCK_MONOTONIC = 1, SAMPLES_BYTES_MAX = MT_RSS_RING / 8 * 7 }; /* the rest is for what happens */

static __always_inline void take_sample(struct sampler *sampler)
{
	struct mt_rss_row *row;
	bool wake;

	if (bpf_ringbuf_query(&rss_events, BPF_RB_AVAIL_DATA) > SAMPLES_BYTES_MAX)
		return;
	row = bpf_ringbuf_reserve(&rss_events, sizeof(*row), 0);
	if (!row)
		return;
	if (!look_at(only_tgid, row)) {
		bpf_ringbuf_discard(row, BPF_RB_NO_WAKEUP);
		return;
	}
	row->kind = MT_RSS_SAMPLE;
	wake = ++sampler->unread >= samples_a_wake;
	if (wake)
		sampler->unread = 0;
	bpf_ringbuf_submit(row, wake ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

static u64 next_sample(u64 now)
{
	return sample_interval_ns - (now - sampling_since_ns) % sample_interval_ns;
}

static int on_timer(void *map, u32 *key, struct sampler *sampler)
{
	u64 began = bpf_ktime_get_ns(), now;

	if (!sampling_since_ns)
		return 0;
	take_sample(sampler);
	now = bpf_ktime_get_ns();
	sampling_cost_ns += now - began;
	bpf_timer_start(&sampler->timer, next_sample(now), 0);
	return 0;
}

/* bpf_timer and programs of this type since 5.15 (b00628b1c7d5). */
SEC("?syscall")
int rss_start_samples(void *ctx)
{
	struct sampler *sampler = bpf_map_lookup_elem(&samplers, &zero);

	if (!sampler || bpf_timer_init(&sampler->timer, &samplers, CLOCK_MONOTONIC) ||
	    bpf_timer_set_callback(&sampler->timer, on_timer) ||
	    bpf_timer_start(&sampler->timer, next_sample(bpf_ktime_get_ns()), 0))
		return 0;
	return 1;
}

#endif
