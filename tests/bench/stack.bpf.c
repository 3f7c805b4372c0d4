/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * For benchmarks: programs that take a stack and do nothing else with it, each in its own way, and one that does
 * nothing. The walks are memtrawl's own. All processes are in slot 0.
 */
#include "stack.bpf.h"

#include "owner.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* What was taken since user space looked. Threads on two CPUs may lose one: it is for a mean. */
__u64 stacks_taken, frames_taken;

static __always_inline void note(const struct mt_thread *thread)
{
	stacks_taken++;
	frames_taken += thread->stack.frames;
}

/* The thread's record, as the heap source keeps it. */
static __always_inline struct mt_thread *thread_of(u32 tid)
{
	struct mt_thread *thread = thread__get(IN_BUCKETS, tid);

	return thread ? thread : thread__make(IN_BUCKETS, tid);
}

static __always_inline void take(const struct pt_regs *ctx)
{
	u32 tid = (u32)bpf_get_current_pid_tgid();
	struct mt_thread *thread = thread_of(tid);
	struct owner owner = {};

	if (!thread || !owner__from_slot(0, &owner))
		return;
	thread->stack_key = stack__capture(ctx, thread, tid, &owner);
	note(thread);
}

/* By whatever session.unwind says: tables, or frame pointers. */
SEC("uprobe")
int take_own(struct pt_regs *ctx)
{
	kernel__keep_own_stack();
	take(ctx);
	return 0;
}

/* The same where nothing is known yet of the rules for any frame. */
SEC("uprobe")
int take_cold(struct pt_regs *ctx)
{
	struct mt_process *process = bpf_map_lookup_elem(&processes, &zero);

	kernel__keep_own_stack();
	if (process) /* the same list under another number */
		process->mappings += MT_UNWIND_MAPPINGS(1, 0, 0);
	take(ctx);
	return 0;
}

SEC("uprobe")
int take_kernels(struct pt_regs *ctx)
{
	struct mt_thread *thread = thread_of((u32)bpf_get_current_pid_tgid());
	long size;

	kernel__keep_own_stack();
	if (!thread)
		return 0;
	size = bpf_get_stack(ctx, thread->stack.pc, sizeof(thread->stack.pc), BPF_F_USER_STACK);
	thread->stack.frames = size > 0 ? size / sizeof(u64) : 0;
	note(thread);
	return 0;
}

SEC("uprobe")
int take_none(struct pt_regs *ctx)
{
	return 0;
}
