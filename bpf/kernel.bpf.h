/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Where kernels differ, and only that: each case with the kernel version or commit that made it. */
#ifndef MEMTRAWL_KERNEL_BPF_H
#define MEMTRAWL_KERNEL_BPF_H

#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "arch.bpf.h"
#include "memtrawl.h"

/*
 * Is a uprobe session's program running at the function's return? The kfunc takes the context from 7.0 on. libbpf
 * resolves whichever flavour the kernel's BTF has; the other is left NULL and its call removed by the verifier.
 */
extern bool bpf_session_is_return___v1(void) __weak __ksym;
extern bool bpf_session_is_return___v2(void *ctx) __weak __ksym;

static __always_inline bool kernel__session_is_return(void *ctx)
{
	if (bpf_ksym_exists(bpf_session_is_return___v2))
		return bpf_session_is_return___v2(ctx);
	if (bpf_ksym_exists(bpf_session_is_return___v1))
		return bpf_session_is_return___v1();
	return false;
}

/*
 * Since 6.13 (a76ab5731e32) programs of this type may have their stacks in memory of the CPU's, where a second task
 * that runs the program on that CPU meanwhile writes over the first one's. That is taken to be impossible, but is not:
 * programs on uprobes can be preempted, and nothing keeps the next one out. The kernel then follows what pointers it
 * finds there. A program with a tail call gets no such stack, be it one that is never reached, as this one (helper 12).
 */
static __always_inline void kernel__keep_own_stack(void)
{
	asm volatile("r0 = 0\n\t"
		     "if r0 == 0 goto +1\n\t"
		     "call 12" ::
			     : "r0");
}

/* Where a function under a return probe really returns to: the kernel's trampoline, the first bytes of its own page. */
static __always_inline u64 kernel__return_trampoline(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, mm, uprobes_state.xol_area, vaddr);
}

/* What stood at the stack address `slot` before a return probe, of whatever tool, put its trampoline there; 0: unknown.
 */
static __always_inline u64 kernel__replaced_return(u64 slot)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct return_instance *instance = BPF_CORE_READ(task, utask, return_instances);

	for (int i = 0; i < 4 && instance; i++) {
		if (BPF_CORE_READ(instance, stack) == slot)
			return BPF_CORE_READ(instance, orig_ret_vaddr);
		instance = BPF_CORE_READ(instance, next);
	}
	return 0;
}

/* The read is itself one that disables faults while it lasts (copy_from_kernel_nofault), and so sees one too many. */
static __always_inline bool kernel__faults_are_disabled(struct task_struct *task)
{
	int disabled = 0;

	bpf_core_read(&disabled, sizeof(disabled), &task->pagefault_disabled);
	return disabled > 1;
}

/* Swapped pages of the task, less what its CPUs have not added up yet: a few dozen pages each. */
static __always_inline s64 kernel__swapped_pages(struct task_struct *task)
{
	enum { SWAP_ENTRIES = 2 };
	struct mm_struct *mm = BPF_CORE_READ(task, mm);

	if (!bpf_core_type_exists(struct mm_rss_stat))
		return BPF_CORE_READ(mm, rss_stat[SWAP_ENTRIES].count);
	return BPF_CORE_READ((struct mm_struct___before_6_2 *)mm, rss_stat.count[SWAP_ENTRIES].counter);
}

/* Where the kernel puts the registers of user space when a task enters it, by its stack. bpf_task_pt_regs() is of 5.15.
 */
static __always_inline const void *kernel__registers_by_stack(const struct task_struct *task)
{
	enum { STACK_SIZE = 16384 }; /* THREAD_SIZE on x86-64, without KASAN */

	return BPF_CORE_READ(task, stack) + STACK_SIZE - sizeof(struct pt_regs);
}

/* Those of the task that a program runs in. */
static __always_inline const void *kernel__user_registers(struct task_struct *task)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return (const void *)bpf_task_pt_regs(bpf_get_current_task_btf());
	return kernel__registers_by_stack(task);
}

/* Those of a task that an iterator gives. */
static __always_inline const void *kernel__registers_of(struct task_struct *task)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return (const void *)bpf_task_pt_regs(task);
	return kernel__registers_by_stack(task);
}

/* It neither runs nor waits for a processor. The state has had this name since 5.14 (2f064a59a11f). */
static __always_inline bool kernel__is_still(const struct task_struct *task)
{
	const struct task_struct___before_5_14 *old = (const void *)task;

	if (bpf_core_field_exists(task->__state))
		return BPF_CORE_READ(task, __state);
	return BPF_CORE_READ(old, state);
}

/* The number of the syscall that the task is in; one that is none's where it is in a fault or an interrupt. */
static __always_inline u64 kernel__syscall(struct task_struct *task)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs)) /* without the cost of a safe read */
		return arch__syscall((const struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf()));
	return arch__syscall_at(kernel__user_registers(task));
}

#endif
