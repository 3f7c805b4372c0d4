/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The kernel types that the BPF programs touch, and of them only the members they read: libbpf relocates every access
 * to the running kernel's layout (CO-RE), so order and size here mean nothing. Beside each type: why, and since when.
 */
#ifndef MEMTRAWL_VMLINUX_H
#define MEMTRAWL_VMLINUX_H

#include <linux/bpf.h>
#include <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;
typedef _Bool bool;
#define NULL ((void *)0)
enum { false, true };

/*
 * The context of uprobe programs. Not relocated: its layout is the ABI's of <asm/ptrace.h>, since forever. On arm64
 * that is user_pt_regs; what follows it in the kernel's own pt_regs is for syscalls.
 */
#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs {
	unsigned long regs[31], sp, pc, pstate;
	unsigned long orig_x0;
	int syscallno;
};
#else
#error "uprobe contexts are known for x86-64 and arm64 only"
#endif

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	long counter;
} atomic_long_t;

struct list_head {
	struct list_head *next;
};

/*
 * How many threads are left: 0 in sched_process_exit of the last one. What those that are gone have used, and maxrss,
 * the peak in pages as of the process's end. Since 2.6; thread_head since 3.14 (0c740d0afc3b).
 */
struct signal_struct {
	atomic_t live;
	int nr_threads;
	int group_exit_code;
	struct list_head thread_head;
	unsigned long min_flt, maj_flt, maxrss;
	unsigned long long sum_sched_runtime;
};

/* A counter in parts: `counters` is the address of each CPU's, to which its offset is added. */
struct percpu_counter {
	s64 count;
	s32 *counters;
};

/* Instead of it in mm_struct before 6.2 (f1a7941243c1). */
struct mm_rss_stat {
	atomic_long_t count[4];
};

struct mm_struct___before_6_2 {
	struct mm_rss_stat rss_stat;
};

/* And what a thread has not added to it yet (SPLIT_RSS_COUNTING, gone with 6.2). */
struct task_rss_stat {
	int count[4];
};

struct task_struct___before_6_2 {
	struct task_rss_stat rss_stat;
};

/* The directory of a cgroup; `id` is its inode (since 5.5, 67c0496e87d1; before, a union of the same size). */
struct kernfs_node {
	u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
};

enum cgroup_subsys_id {
	memory_cgrp_id = 0, /* relocated */
};

struct css_set {
	struct cgroup_subsys_state *subsys[16];
	struct cgroup *dfl_cgrp;
};

struct sched_entity {
	u64 sum_exec_runtime;
};

/* Where the kernel put the trampoline that uretprobes return to. xol_area is private to uprobes.c; since 3.5. */
struct xol_area {
	unsigned long vaddr;
};

/* What return probes of a thread have replaced, the newest first. Since 3.10 (0dfd0eb8e4db). */
struct return_instance {
	unsigned long stack;          /* where the return address was */
	unsigned long orig_ret_vaddr; /* and what it was */
	struct return_instance *next;
};

struct uprobe_task {
	struct return_instance *return_instances;
};

struct uprobes_state {
	struct xol_area *xol_area;
};

struct mm_struct {
	struct uprobes_state uprobes_state;
	unsigned long brk; /* the program's break; since 2.4 at the latest */
	unsigned long hiwater_rss, total_vm, data_vm;
	struct task_struct *owner; /* with CONFIG_MEMCG; NULL at times */
	struct percpu_counter rss_stat[4];
};

/* Where a thread's control block is, on x86-64; kept up to date by arch_prctl and clone. Named fsbase since 4.7. */
struct thread_struct {
	unsigned long fsbase;
};

/* The state of a task, 0 if it runs or could; a member of another name since 5.14 (2f064a59a11f). */
struct task_struct___before_5_14 {
	long state;
};

/* Identity. start_boottime has had this name since 5.5 (cf25e24db61c). */
struct task_struct {
	int pid;
	int tgid;
	unsigned int __state;
	int exit_code;
	u64 start_boottime;
	char comm[16];
	struct signal_struct *signal;
	struct mm_struct *mm;
	struct task_struct *group_leader, *real_parent;
	struct list_head thread_node; /* in signal->thread_head */
	unsigned long min_flt, maj_flt;
	struct sched_entity se;
	struct css_set *cgroups;
	struct uprobe_task *utask;
	struct thread_struct thread;
	void *stack;            /* the kernel's, at whose end the registers of user space are */
	int pagefault_disabled; /* reads from user memory must not fault; since 4.1 (8bcbde5480f9) */
};

/* The iterator over a map's elements (5.9). */
struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	u64 session_id;
	u64 seq_num;
};

struct bpf_map;

/* Of an array with an element for each CPU: the addresses that CPUs' offsets are added to. */
struct bpf_array {
	void *pptrs[1];
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	void *key;
	void *value;
};

#pragma clang attribute pop

#endif
