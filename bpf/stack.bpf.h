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
 * Walks the chain of frame pointers. The probe sits where the stack pointer has not moved yet, so the top of the
 * stack holds the return address of the probed function: the direct caller is always right, whatever rbp holds.
 * Returns the stack's hash, which is never 0.
 */
static __always_inline u64 stack__capture(const struct pt_regs *ctx, struct mt_stack *stack, u32 limit)
{
	struct frame_record frame = {};
	u64 hash = 0, fp = ctx->bp, above = ctx->sp;
	u32 n = 0, end = MT_END_TRUNCATED;

	if (bpf_probe_read_user(&frame.pc, sizeof(frame.pc), (void *)above)) {
		end = MT_END_UNREADABLE;
		goto out;
	}
	for (n = 0; n < MT_FRAMES_MAX && n < limit; n++) {
		stack->pc[n] = frame.pc;
		hash = stack__hash(hash, frame.pc);
		if (!fp) {
			end = MT_END_COMPLETE;
			n++;
			break;
		}
		if (fp < above || fp - above > FRAME_SIZE_MAX || fp & 7) {
			end = MT_END_NO_FRAMES;
			n++;
			break;
		}
		if (bpf_probe_read_user(&frame, sizeof(frame), (void *)fp)) {
			end = MT_END_UNREADABLE;
			n++;
			break;
		}
		if (!frame.pc) {
			end = MT_END_COMPLETE;
			n++;
			break;
		}
		above = fp + sizeof(frame);
		fp = frame.next;
	}
out:
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
