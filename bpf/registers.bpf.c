/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * What the registers of a process's threads hold, without stopping it: the kernel keeps those of user space while a
 * thread is in it, and they are taken from there. Of a thread that runs they are those of the last time it came in,
 * which is a tick of the timer ago at most, where there are ticks.
 */
#include "kernel.bpf.h"

#include "registers_abi.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Whose: set before loading. */
const volatile __u32 process = 0;

_Static_assert(sizeof(struct pt_regs) <= sizeof(((struct mt_registers *)0)->words), "they fit");

SEC("iter/task")
int registers(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct mt_registers row = {};

	if (!task || (u32)task->tgid != process)
		return 0;
	row.tid = task->pid;
	row.still = kernel__is_still(task);
	row.thread_pointer = arch__thread_pointer(task);
	bpf_probe_read_kernel(row.words, sizeof(struct pt_regs), kernel__registers_of(task));
	row.stack_pointer = arch__sp((const struct pt_regs *)row.words);
	bpf_seq_write(ctx->meta->seq, &row, sizeof(row));
	return 0;
}
