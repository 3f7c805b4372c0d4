/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The heap source: probes on the allocator's functions, and the process events that its books depend on.
 * User space loads those programs that its rung needs and sets their attach types: alloc_session for uprobe sessions,
 * alloc_entry with alloc_return elsewhere; those with the kernel's hash maps for tables where perf events are the rung,
 * as such a kernel may be too old to compare and exchange (5.12).
 */
#include "activity.bpf.h"
#include "lifecycle.bpf.h"
#include "pages.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("?uprobe")
int alloc_session(struct pt_regs *ctx)
{
	kernel__keep_own_stack();
	if (!kernel__session_is_return(ctx))
		return call__enter(ctx, IN_BUCKETS);
	call__leave(ctx, IN_BUCKETS);
	return 0;
}

SEC("uprobe")
int alloc_entry(struct pt_regs *ctx)
{
	kernel__keep_own_stack();
	call__enter(ctx, IN_BUCKETS);
	return 0;
}

SEC("uretprobe")
int alloc_return(struct pt_regs *ctx)
{
	kernel__keep_own_stack();
	call__leave(ctx, IN_BUCKETS);
	return 0;
}

SEC("uprobe")
int block_free(struct pt_regs *ctx)
{
	kernel__keep_own_stack();
	call__free(ctx, IN_BUCKETS);
	return 0;
}

SEC("?uprobe")
int alloc_entry_hashed(struct pt_regs *ctx)
{
	kernel__keep_own_stack();
	call__enter(ctx, IN_HASH_MAPS);
	return 0;
}

SEC("?uretprobe")
int alloc_return_hashed(struct pt_regs *ctx)
{
	kernel__keep_own_stack();
	call__leave(ctx, IN_HASH_MAPS);
	return 0;
}

SEC("?uprobe")
int block_free_hashed(struct pt_regs *ctx)
{
	kernel__keep_own_stack();
	call__free(ctx, IN_HASH_MAPS);
	return 0;
}

SEC("uprobe")
int loader_event(struct pt_regs *ctx)
{
	kernel__keep_own_stack();
	lifecycle__loader(ctx);
	return 0;
}

SEC("uprobe")
int thread_jump(struct pt_regs *ctx)
{
	kernel__keep_own_stack();
	call__jump(ctx);
	return 0;
}

SEC("uprobe")
int memory_call(struct pt_regs *ctx)
{
	kernel__keep_own_stack();
	activity__call(ctx);
	return 0;
}

/* For who wants to look at a process when it ends. */
SEC("?uprobe")
int exit_call(struct pt_regs *ctx)
{
	kernel__keep_own_stack();
	lifecycle__hold();
	return 0;
}

SEC("raw_tp/sched_process_exec")
int process_exec(struct bpf_raw_tracepoint_args *ctx)
{
	lifecycle__exec((const struct task_struct *)ctx->args[0], (u32)ctx->args[1]);
	return 0;
}

SEC("raw_tp/sched_process_exit")
int process_exit(struct bpf_raw_tracepoint_args *ctx)
{
	lifecycle__exit((const struct task_struct *)ctx->args[0]);
	return 0;
}

SEC("raw_tp/sched_process_fork")
int process_fork(struct bpf_raw_tracepoint_args *ctx)
{
	lifecycle__fork((const struct task_struct *)ctx->args[0], (const struct task_struct *)ctx->args[1]);
	return 0;
}

/* These two are for --mappings: as soon as they are attached, the kernel takes its slower way through every syscall. */
SEC("?tp_btf/sys_enter")
int syscall_enter(u64 *ctx)
{
	syscall__enter(ctx[1]);
	return 0;
}

SEC("?tp_btf/sys_exit")
int syscall_exit(u64 *ctx)
{
	const struct pt_regs *regs = (const struct pt_regs *)ctx[0];

	syscall__leave(regs, arch__syscall(regs), ctx[1]);
	return 0;
}

/* These are for the pages source; x86 has the first two. */
SEC("?raw_tp/page_fault_user")
int fault_user(struct bpf_raw_tracepoint_args *ctx)
{
	page__fault(IN_BUCKETS, ctx->args[0], (const void *)ctx->args[1], ctx->args[2]);
	return 0;
}

SEC("?raw_tp/page_fault_kernel")
int fault_kernel(struct bpf_raw_tracepoint_args *ctx)
{
	page__fault(IN_BUCKETS, ctx->args[0], NULL, ctx->args[2]);
	return 0;
}

SEC("?raw_tp/page_fault_user")
int fault_user_hashed(struct bpf_raw_tracepoint_args *ctx)
{
	page__fault(IN_HASH_MAPS, ctx->args[0], (const void *)ctx->args[1], ctx->args[2]);
	return 0;
}

SEC("?raw_tp/page_fault_kernel")
int fault_kernel_hashed(struct bpf_raw_tracepoint_args *ctx)
{
	page__fault(IN_HASH_MAPS, ctx->args[0], NULL, ctx->args[2]);
	return 0;
}

SEC("?raw_tp/rss_stat")
int rss_changed(struct bpf_raw_tracepoint_args *ctx)
{
	pages__rss_changed((const void *)ctx->args[0]);
	return 0;
}

SEC("?uprobe")
int remap_enter(struct pt_regs *ctx)
{
	kernel__keep_own_stack();
	remap__enter(ctx);
	return 0;
}

SEC("?uretprobe")
int remap_leave(struct pt_regs *ctx)
{
	kernel__keep_own_stack();
	remap__leave(ctx);
	return 0;
}

/* Never attached: user space runs it. */
SEC("?raw_tp/sched_process_exit")
int pages_seed(void *ctx)
{
	return pages__seed();
}

/* For calibration: what a trap costs when nothing is done in it. */
SEC("uprobe")
int nothing(struct pt_regs *ctx)
{
	return 0;
}

/* Attached with cookie 1 it skips its return probe. */
SEC("?uprobe")
int nothing_session(struct pt_regs *ctx)
{
	return bpf_get_attach_cookie(ctx) == 1;
}
