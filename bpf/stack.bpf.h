/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Stack capture, in one place: stack__capture() fills in who called the probed function, and stack__intern() keeps
 * the stack under its hash.
 */
#ifndef MEMTRAWL_STACK_BPF_H
#define MEMTRAWL_STACK_BPF_H

#include "maps.bpf.h"

/* A frame record as compilers lay it out with frame pointers: where rbp points. */
struct frame_record {
	u64 next;
	u64 pc;
};

enum { FRAME_SIZE_MAX = 64 << 20 }; /* a frame pointer that leaps further than this is taken for something else */

/* Multiply and fold (the constant is that of splitmix64): every bit of the pc reaches both halves. */
static __always_inline u64 stack__hash(u64 hash, u64 pc)
{
	hash = (hash ^ pc) * 0xbf58476d1ce4e5b9ULL;
	return hash ^ (hash >> 32);
}

/*
 * The word at `address` and the one above it. A read from user memory costs some 60 ns however short it is, so half a
 * kilobyte is read at once, which holds ten frames of ordinary functions. (Where the window starts is kept in the map,
 * not in a local variable: a value that the verifier knows nothing of makes it see all rounds of the loop as one.)
 */
static __always_inline bool window__get(struct mt_thread *thread, u64 address, struct frame_record *frame)
{
	u64 offset = address - thread->window_start;
	u32 index;

	if (offset > sizeof(thread->window) - sizeof(*frame)) {
		if (bpf_probe_read_user(thread->window, sizeof(thread->window), (void *)address)) /* the stack's end? */
			return !bpf_probe_read_user(frame, sizeof(*frame), (void *)address);
		thread->window_start = address;
		offset = 0;
	}
	index = offset / sizeof(u64) & (MT_WINDOW - 1);
	if (index > MT_WINDOW - 2)
		return false;
	frame->next = thread->window[index];
	frame->pc = thread->window[index + 1];
	return true;
}

/*
 * Walks the chain of frame pointers. The probe sits where the stack pointer has not moved yet, so the top of the
 * stack holds the return address of the probed function: the direct caller is always right, whatever rbp holds.
 * `trampoline` is where the process's return probes lead, 0 if there are none. Returns the stack's hash, never 0.
 */
static __always_inline u64 stack__capture(const struct pt_regs *ctx, struct mt_thread *thread, u32 limit,
					  u64 trampoline)
{
	struct mt_stack *stack = &thread->stack;
	struct frame_record frame = {};
	u64 hash = 0, pc = 0, fp = ctx->bp, above = ctx->sp;
	u32 n = 0, end = MT_END_UNREADABLE;

	thread->window_start = ~0ULL >> 1; /* nothing read yet: no address is near */
	/* no frame in reach: most likely code without frame pointers, of which one word is all there is to read */
	if (fp - above > sizeof(thread->window) - sizeof(frame))
		bpf_probe_read_user(&pc, sizeof(pc), (void *)above);
	else if (window__get(thread, above, &frame))
		pc = frame.next;
	if (pc && pc == trampoline) /* another tool watches the function's return */
		pc = kernel__replaced_return(above);
	/* by way of the map, after which the verifier sees one case where there were three */
	*(volatile u64 *)&stack->pc[0] = pc;
	pc = *(volatile u64 *)&stack->pc[0];
	if (pc)
		end = MT_END_TRUNCATED;
	for (n = 0; pc && n < MT_FRAMES_MAX && n < limit; n++) {
		stack->pc[n] = pc;
		hash = stack__hash(hash, pc);
		pc = 0;
		if (!fp)
			end = MT_END_COMPLETE;
		else if (fp < above || fp - above > FRAME_SIZE_MAX || fp & 7)
			end = MT_END_NO_FRAMES;
		else if (!window__get(thread, fp, &frame))
			end = MT_END_UNREADABLE;
		else if (!frame.pc)
			end = MT_END_COMPLETE;
		else
			pc = frame.pc;
		above = fp + sizeof(frame);
		fp = frame.next;
	}
	stack->frames = n;
	stack->end = end;
	hash = stack__hash(hash, end);
	return hash ? hash : 1;
}

static __always_inline void stack__count_end(struct mt_counters *c, const struct mt_stack *stack)
{
	if (stack->end == MT_END_TRUNCATED)
		count_loss(c, MT_LOSS_STACK_TRUNCATED);
	else if (stack->end == MT_END_UNREADABLE)
		count_loss(c, MT_LOSS_STACK_UNREADABLE);
}

/* Keeps the stack of a site that is seen for the first time. Returns 0, or the map's error when it is full. */
static __always_inline long stack__intern(u64 key, const struct mt_stack *stack)
{
	if (bpf_map_lookup_elem(&stacks, &key))
		return 0;
	return bpf_map_update_elem(&stacks, &key, stack, BPF_ANY);
}

#endif
