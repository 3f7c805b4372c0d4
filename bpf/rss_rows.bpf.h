/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* A process as user space is told of it: who it is, what it holds, what it has used. */
#ifndef MEMTRAWL_RSS_ROWS_BPF_H
#define MEMTRAWL_RSS_ROWS_BPF_H

#include "rss_images.bpf.h"

/* Faults and CPU time of the threads that are still there. The list is the kernel's, and may change meanwhile. */
static __always_inline void row__add_threads(struct mt_rss_row *row, const struct task_struct *leader)
{
	const struct signal_struct *signal = BPF_CORE_READ(leader, signal);
	const struct task_struct *task = leader;
	const struct list_head *node;

	row->threads = BPF_CORE_READ(signal, nr_threads);
	row->faults = BPF_CORE_READ(signal, min_flt);
	row->major_faults = BPF_CORE_READ(signal, maj_flt);
	row->cpu_ns = BPF_CORE_READ(signal, sum_sched_runtime);
	for (u32 i = 0; i < MT_RSS_THREADS_MAX && i < row->threads; i++) {
		row->faults += BPF_CORE_READ(task, min_flt);
		row->major_faults += BPF_CORE_READ(task, maj_flt);
		row->cpu_ns += BPF_CORE_READ(task, se.sum_exec_runtime);
		node = BPF_CORE_READ(task, thread_node.next);
		if (!node || node == __builtin_preserve_access_index(&signal->thread_head))
			break;
		task = (const void *)node - bpf_core_field_offset(struct task_struct, thread_node);
	}
}

static __always_inline u64 cgroup_of(const struct task_struct *task)
{
	const struct css_set *set = BPF_CORE_READ(task, cgroups);
	u64 id = 0;

	if (bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		id = BPF_CORE_READ(set, subsys[bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id)], cgroup, kn,
				   id);
	return id ? id : BPF_CORE_READ(set, dfl_cgrp, kn, id);
}

static __always_inline void row__describe(struct mt_rss_row *row, const struct task_struct *task, u32 kind)
{
	const struct task_struct *leader = BPF_CORE_READ(task, group_leader);

	row->kind = kind;
	row->ns = bpf_ktime_get_ns();
	row->tgid = BPF_CORE_READ(task, tgid);
	row->parent = BPF_CORE_READ(leader, real_parent, tgid);
	row->start_ns = BPF_CORE_READ(leader, start_boottime);
	row->cgroup = cgroup_of(leader);
	BPF_CORE_READ_STR_INTO(&row->comm, leader, comm);
	row__add_threads(row, leader);
}

/* What a count that was noted with the last batch may be behind. */
static __always_inline u64 batches(void)
{
	u64 batch = 2 * cpu_count > 32 ? 2 * cpu_count : 32; /* percpu_counter_batch (lib/percpu_counter.c) */

	return 3 * batch * cpu_count; /* three kinds are resident */
}

/*
 * The kernel notes a peak of its own, before it takes pages away, and so to the page; but neither when that was nor
 * what it was made of. That is known if it is the peak that was noted here, but for what had not been added up.
 */
static __always_inline void row__take_peak(struct mt_rss_row *row, const struct mt_rss_image *image)
{
	if (image->peak_pages + batches() < row->peak_pages)
		return;
	if (image->peak_pages > row->peak_pages)
		row->peak_pages = image->peak_pages;
	row->peak_ns = image->peak_ns;
	__builtin_memcpy(row->peak, image->peak, sizeof(row->peak));
}

/* From the kernel's counters, and what was noted of the peak. `mm` is NULL where the process has none any more. */
static __always_inline void row__count(struct mt_rss_row *row, const struct mm_struct *mm, struct mt_rss_image *image)
{
	u64 kernels = 0, resident;
	struct counts now = {};

	if (mm) {
		counters__read_all(mm, &now);
		kernels = BPF_CORE_READ(mm, hiwater_rss);
		row->vm_pages = BPF_CORE_READ(mm, total_vm);
		row->data_pages = BPF_CORE_READ(mm, data_vm);
		if (image)
			image__note(image, mm, &now, row->ns);
	}
	if (image)
		row->high = image->high;
	__builtin_memcpy(row->pages, now.pages, sizeof(row->pages));
	resident = counts__resident(&now);
	row->peak_pages = kernels > resident ? kernels : resident;
	if (image)
		row__take_peak(row, image);
}

#endif
