/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The kernel's counters of a process's memory, as its versions keep them. */
#ifndef MEMTRAWL_RSS_COUNTERS_BPF_H
#define MEMTRAWL_RSS_COUNTERS_BPF_H

#include "kernel.bpf.h"

#include "rss_abi.h"

/* Set before loading. */
const volatile __u32 cpu_count = 1;

/* What is to be added to the address of a variable that each CPU has its own of, by CPU; 0: not known yet. */
__u64 cpu_offsets[MT_RSS_CPUS_MAX];

/* Such a variable, of which both its address and those of each CPU's own can be had. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} cpu_variable SEC(".maps");

static const u32 zero;

struct counts {
	u64 pages[MT_RSS_KINDS];
};

static __always_inline u64 counts__resident(const struct counts *counts)
{
	return counts->pages[MT_RSS_FILE] + counts->pages[MT_RSS_ANON] + counts->pages[MT_RSS_SHMEM];
}

static __always_inline bool counters_are_per_cpu(void)
{
	return !bpf_core_type_exists(struct mm_rss_stat);
}

/*
 * The kernel's own table of offsets has no type in BTF, and no symbol where CONFIG_KALLSYMS_ALL is off. So the offsets
 * are found by a variable of ours. A pointer that goes through a map comes back as a number.
 */
static __always_inline void counters__learn_offsets(void)
{
	u64 address, variable = 0;

	if (!counters_are_per_cpu() || cpu_offsets[0])
		return;
	*(void *volatile *)&cpu_offsets[0] = &cpu_variable;
	address = *(volatile u64 *)&cpu_offsets[0];
	bpf_probe_read_kernel(&variable, sizeof(variable),
			      (void *)(address + bpf_core_field_offset(struct bpf_array, pptrs)));
	for (u32 cpu = 0; cpu < MT_RSS_CPUS_MAX && cpu < cpu_count; cpu++) {
		*(void *volatile *)&cpu_offsets[cpu] = bpf_map_lookup_percpu_elem(&cpu_variable, &zero, cpu);
		address = *(volatile u64 *)&cpu_offsets[cpu];
		*(volatile u64 *)&cpu_offsets[cpu] = address && variable ? address - variable : 0;
	}
}

/* What is in the CPUs' own parts. A global function, which the verifier looks at once. */
__noinline s64 counters__parts(u64 counters)
{
	s64 sum = 0;

	if (!cpu_offsets[0])
		return 0;
	for (u32 cpu = 0; cpu < MT_RSS_CPUS_MAX && cpu < cpu_count; cpu++) {
		s32 part = 0;

		bpf_probe_read_kernel(&part, sizeof(part), (void *)(counters + cpu_offsets[cpu]));
		sum += part;
	}
	return sum;
}

/* A count that is being added up may be below zero for a moment. */
static __always_inline u64 counters__not_negative(s64 count)
{
	return count > 0 ? count : 0;
}

/* A macro, as relocated indexes are literals. */
#define COUNTER(mm, kind)                                                                                              \
	counters__not_negative(                                                                                        \
		counters_are_per_cpu()                                                                                 \
			? BPF_CORE_READ(mm, rss_stat[kind].count) +                                                    \
				  counters__parts((u64)BPF_CORE_READ(mm, rss_stat[kind].counters))                     \
			: BPF_CORE_READ((const struct mm_struct___before_6_2 *)(mm), rss_stat.count[kind].counter))

static __always_inline void counters__read(const struct mm_struct *mm, struct counts *counts)
{
	counts->pages[MT_RSS_FILE] = COUNTER(mm, 0);
	counts->pages[MT_RSS_ANON] = COUNTER(mm, 1);
	counts->pages[MT_RSS_SWAP] = COUNTER(mm, 2);
	counts->pages[MT_RSS_SHMEM] = COUNTER(mm, 3);
}

/*
 * Before 6.2: what the threads of a process have not added to its mm's count of a kind. A global function, which the
 * verifier looks at once.
 */
__noinline s64 counters__kept_by_threads(u64 leader, u32 kind)
{
	const struct task_struct *task = (const void *)leader;
	const struct signal_struct *signal = BPF_CORE_READ(task, signal);
	const struct list_head *node;
	s64 sum = 0;

	for (u32 i = 0; i < MT_RSS_THREADS_MAX; i++) {
		const struct task_struct___before_6_2 *old = (const void *)task;

		sum += kind == 0   ? BPF_CORE_READ(old, rss_stat.count[0])
		       : kind == 1 ? BPF_CORE_READ(old, rss_stat.count[1])
		       : kind == 2 ? BPF_CORE_READ(old, rss_stat.count[2])
				   : BPF_CORE_READ(old, rss_stat.count[3]);
		node = BPF_CORE_READ(task, thread_node.next);
		if (!node || node == __builtin_preserve_access_index(&signal->thread_head))
			break;
		task = (const void *)node - bpf_core_field_offset(struct task_struct, thread_node);
	}
	return sum;
}

/* Exact, where counters__read() is not: before 6.2 at the cost of a look at each thread. */
static __always_inline void counters__read_all(const struct mm_struct *mm, struct counts *counts)
{
	struct task_struct___before_6_2 *old = NULL;
	u64 leader;

	counters__read(mm, counts);
	if (counters_are_per_cpu() || !bpf_core_field_exists(mm->owner) || !bpf_core_field_exists(old->rss_stat))
		return;
	leader = (u64)BPF_CORE_READ(mm, owner);
	for (u32 kind = 0; leader && kind < MT_RSS_KINDS; kind++)
		counts->pages[kind] =
			counters__not_negative((s64)counts->pages[kind] + counters__kept_by_threads(leader, kind));
}

/* The part of a counter that all CPUs share: it changes when a batch is added up. `mm` is a pointer with BTF. */
static __always_inline u64 counters__shared(const struct mm_struct *mm, u32 kind)
{
	const struct mm_struct___before_6_2 *old = (const void *)mm;

	if (!counters_are_per_cpu())
		return kind == 0   ? old->rss_stat.count[0].counter
		       : kind == 1 ? old->rss_stat.count[1].counter
		       : kind == 2 ? old->rss_stat.count[2].counter
				   : old->rss_stat.count[3].counter;
	return kind == 0   ? mm->rss_stat[0].count
	       : kind == 1 ? mm->rss_stat[1].count
	       : kind == 2 ? mm->rss_stat[2].count
			   : mm->rss_stat[3].count;
}

/* Without what is in the parts: quick, and behind by less than a batch for each CPU and kind. */
static __always_inline void counters__read_shared(const struct mm_struct *mm, struct counts *counts)
{
	for (u32 kind = 0; kind < MT_RSS_KINDS; kind++)
		counts->pages[kind] = counters__not_negative(counters__shared(mm, kind));
}

#endif
