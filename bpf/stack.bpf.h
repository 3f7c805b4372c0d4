/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Stack capture, in one place: stack__capture() fills in who called the probed function, stack__capture_syscall() who
 * made a syscall, and stack__intern() keeps the stack under its hash.
 */
#ifndef MEMTRAWL_STACK_BPF_H
#define MEMTRAWL_STACK_BPF_H

#include "account.bpf.h"
#include "unwind.bpf.h"

/* True if the memory at the stack pointer can be read. */
static __always_inline bool stack__begin(struct mt_thread *thread, const struct owner *owner, u64 sp)
{
	struct mt_walk *walk = &thread->walk;

	thread->stack.frames = 0;
	thread->stack.end = MT_END_UNREADABLE;
	thread->stack.era = owner->process->era;
	walk->mappings = owner->process->mappings;
	walk->trampoline = owner->process->trampoline;
	walk->mode = owner->session->unwind;
	walk->limit = owner->session->frames;
	walk->hash = thread->stack.era;
	walk->interrupted = 0;
	return window__read(thread, sp);
}

/* The walk begins at a frame with these registers. */
static __always_inline bool stack__enter(struct mt_walk *walk, u64 pc, u64 sp, u64 fp, u64 link)
{
	struct registers at;

	if (step__to(walk, &at, pc, sp, fp) != GO_ON)
		return false;
	walk->pc = at.pc;
	walk->sp = at.sp;
	walk->fp = at.fp;
	walk->link = link;
	return true;
}

/* From where the walk is to the end of the stack. Returns the stack's hash, never 0. */
static __always_inline u64 stack__follow(const struct mt_thread *thread, u32 tid)
{
	u64 hash;

	if (thread->walk.mode == MT_UNWIND_FP) {
		for (u32 i = 0; i <= MT_FRAMES_MAX / FRAME_POINTER_STEPS; i++)
			if (unwind__frame_pointers(tid))
				break;
	} else {
		for (u32 i = 0; i <= MT_FRAMES_MAX / UNWIND_STEPS; i++)
			if (unwind__steps(tid))
				break;
	}
	hash = stack__hash(thread->walk.hash, thread->stack.end);
	return hash ? hash : 1;
}

/*
 * The probe sits where the stack pointer has not moved yet, so the top of the stack (on arm64, x30) holds the return
 * address of the probed function: the direct caller is always right, whatever is known of its code. Returns the stack's
 * hash.
 */
static __always_inline u64 stack__capture(const struct pt_regs *ctx, struct mt_thread *thread, u32 tid,
					  const struct owner *owner)
{
	u64 sp = arch__sp(ctx), pc;
	bool read = stack__begin(thread, owner, sp);

	pc = ARCH_RETURN_ADDRESS_SIZE ? thread->window[0] : arch__link(ctx);
	if ((read || !ARCH_RETURN_ADDRESS_SIZE) &&
	    stack__enter(&thread->walk, pc, sp + ARCH_RETURN_ADDRESS_SIZE, arch__fp(ctx), 0))
		return stack__follow(thread, tid);
	return stack__hash(0, MT_END_UNREADABLE);
}

/* The thread is in a syscall, with these registers: the innermost frame is whoever made it. Returns the stack's hash.
 */
static __always_inline u64 stack__capture_syscall(const struct pt_regs *regs, struct mt_thread *thread, u32 tid,
						  const struct owner *owner)
{
	stack__begin(thread, owner, arch__sp(regs));
	stack__enter(&thread->walk, arch__pc(regs), arch__sp(regs), arch__fp(regs), arch__link(regs));
	return stack__follow(thread, tid);
}

/*
 * The thread was interrupted in user space, with these registers: unlike a return address, the innermost frame's is
 * that of an instruction which has not been executed. Returns the stack's hash.
 */
static __always_inline u64 stack__capture_interrupted(const struct pt_regs *regs, struct mt_thread *thread, u32 tid,
						      const struct owner *owner)
{
	stack__begin(thread, owner, arch__sp(regs));
	thread->walk.interrupted = 1;
	stack__enter(&thread->walk, arch__pc(regs), arch__sp(regs), arch__fp(regs), arch__link(regs));
	return stack__follow(thread, tid);
}

/* Says of a stack that was taken how it ended, if it is not whole, and if the code it was led by may be another one. */
static __always_inline void stack__count_loss(const struct owner *owner, const struct mt_stack *stack)
{
	struct mt_counters *c = owner->counters;

	if (owner->process->loads != owner->process->loads_seen)
		count_loss(c, MT_LOSS_STACK_STALE);
	switch (stack->end) {
	case MT_END_TRUNCATED:
		count_loss(c, MT_LOSS_STACK_TRUNCATED);
		break;
	case MT_END_UNREADABLE:
		count_loss(c, MT_LOSS_STACK_UNREADABLE);
		break;
	case MT_END_NO_MAPPING:
		count_loss(c, MT_LOSS_STACK_UNMAPPED);
		break;
	case MT_END_NO_UNWIND:
		count_loss(c, MT_LOSS_STACK_NO_UNWIND);
		break;
	case MT_END_UNSUPPORTED:
	case MT_END_BAD_FRAME:
		count_loss(c, MT_LOSS_STACK_UNSUPPORTED);
		break;
	}
}

/* Keeps the stack of a site that is seen for the first time. Returns 0, or the map's error when it is full. */
static __always_inline long stack__intern(u64 key, const struct mt_stack *stack)
{
	if (bpf_map_lookup_elem(&stacks, &key))
		return 0;
	return bpf_map_update_elem(&stacks, &key, stack, BPF_ANY);
}

#endif
