/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The unwinder: from one frame to the next, by the tables of bpf/unwind.h or by the frame pointer. Some steps are one
 * global function, and so is whatever a step seldom needs: the verifier looks at each of them once, whatever the depth,
 * and it loads on every kernel from 5.10 on. Such a function takes numbers and returns one; the rest is in the thread's
 * record, of which the verifier knows nothing, so that one round of a loop is to it like another.
 */
#ifndef MEMTRAWL_UNWIND_BPF_H
#define MEMTRAWL_UNWIND_BPF_H

#include "rules.bpf.h"
#include "window.bpf.h"

enum { FRAME_SIZE_MAX = 64 << 20 }; /* a frame that is larger is taken for something else */

static __always_inline u64 stack__hash(u64 hash, u64 pc)
{
	/* multiply and fold (the constant is splitmix64's): every bit of the pc reaches both halves */
	hash = (hash ^ pc) * 0xbf58476d1ce4e5b9ULL;
	return hash ^ (hash >> 32);
}

/* Notes the frame that the walk is at. False if no more are wanted. */
static __always_inline bool stack__note(struct mt_thread *thread, u64 pc)
{
	/* so that the verifier sees what bounds it */
	u32 n = *(volatile u32 *)&thread->stack.frames;

	if (n >= MT_FRAMES_MAX || n >= thread->walk.limit)
		return false;
	thread->stack.pc[n] = pc;
	*(volatile u32 *)&thread->stack.frames = n + 1;
	return true;
}

/* What stood at the stack address `slot` before a return probe put its trampoline there. */
__noinline u64 unwind__replaced_return(u64 slot)
{
	return kernel__replaced_return(slot);
}

/*
 * The word at the top of the stack, if it is an address behind a call in code that is known; else 0. Where nothing is
 * known of the function that was interrupted, that is its caller if it has put nothing on the stack, as memset written
 * by hand has not.
 */
__noinline u64 unwind__leaf_return(u32 tid, u64 sp)
{
	struct mt_thread *thread = thread__find(tid);
	u64 pc = 0, code = 0;

	if (!thread || !window__word(thread, tid, sp, &pc) || unwind__find_mapping(tid, pc - 1) == NO_MAPPING)
		return 0;
	if (bpf_probe_read_user(&code, sizeof(code), (void *)(pc - sizeof(code))) || !arch__ends_in_call(code))
		return 0;
	return pc;
}

/* ---- one step: each gives 0, or 1 + enum mt_end if the stack ends here */

enum { GO_ON = 0, UNWIND_STEPS = 16, FRAME_POINTER_STEPS = 16 };

/* Those of the frame that comes next, while a walk is in one function. */
struct registers {
	u64 pc, sp, fp;
	u64 link; /* mt_walk.link */
};

static __always_inline u32 ends(enum mt_end end)
{
	return 1 + end;
}

/* The caller's registers are known: is that a frame? */
static __always_inline u32 step__to(struct mt_walk *walk, struct registers *at, u64 pc, u64 sp, u64 fp)
{
	pc = arch__code(pc);
	if (!pc)
		return ends(MT_END_COMPLETE);
	if (pc == walk->trampoline) {
		pc = unwind__replaced_return(sp - ARCH_RETURN_ADDRESS_SIZE);
		if (!pc)
			return ends(MT_END_UNREADABLE);
	}
	at->pc = pc;
	at->sp = sp;
	at->fp = fp;
	at->link = 0;
	return GO_ON;
}

/*
 * On arm64 the stack pointer is not known after a step by the frame pointer, as the record may be anywhere in a frame.
 * It is below what is given then, with this bit; and rules that build on it are left to the frame pointer, too.
 */
enum { INEXACT = !ARCH_RETURN_ADDRESS_SIZE };

static __always_inline u32 step__by_frame_pointer(struct mt_thread *thread, u32 tid, struct registers *at)
{
	u64 fp = at->fp, sp = at->sp & ~(u64)INEXACT;
	const struct frame_record *frame;

	if (!fp)
		return ends(MT_END_COMPLETE);
	if (fp < sp || fp - sp > FRAME_SIZE_MAX || fp & 7)
		return ends(MT_END_NO_FRAMES);
	frame = window__at(thread, tid, fp);
	if (!frame)
		return ends(MT_END_UNREADABLE);
	return step__to(&thread->walk, at, frame->pc, (fp + sizeof(*frame)) | INEXACT, frame->next);
}

/* Nothing is known of the code. */
static __always_inline u32 step__by_guess(struct mt_thread *thread, u32 tid, struct registers *at, bool interrupted)
{
	u64 pc = interrupted && ARCH_RETURN_ADDRESS_SIZE > 0 ? unwind__leaf_return(tid, at->sp) : 0;

	if (pc)
		return step__to(&thread->walk, at, pc, at->sp + ARCH_RETURN_ADDRESS_SIZE, at->fp);
	return step__by_frame_pointer(thread, tid, at);
}

static __always_inline u32 step__over_signal(struct mt_thread *thread, u32 tid, struct registers *at)
{
	const struct frame_record *frame = window__at(thread, tid, at->sp + ARCH_SIGNAL_FP);
	u64 fp, link;
	u32 end;

	if (!frame)
		return ends(MT_END_UNREADABLE);
	fp = frame->next;
	link = frame->pc; /* on arm64, where x30 is beside x29 */
	frame = window__at(thread, tid, at->sp + ARCH_SIGNAL_SP);
	if (!frame)
		return ends(MT_END_UNREADABLE);
	thread->walk.interrupted = 1;
	end = step__to(&thread->walk, at, frame->pc, frame->next, fp);
	if (!ARCH_RETURN_ADDRESS_SIZE)
		at->link = arch__code(link);
	return end;
}

/* ---- by rules: those that their numbers say are in most frames, and others in few of a stack */

#if defined(__TARGET_ARCH_arm64)

/* By the CFA; `fp_at` is where x29 and x30 are, or 0. */
static __always_inline u32 step__to_cfa(struct mt_thread *thread, u32 tid, struct registers *at, u64 cfa, u64 fp_at)
{
	const struct frame_record *frame;

	/* a function without a frame of its own is one that was interrupted, or in a syscall: the first of a walk */
	if (!fp_at)
		return at->link && cfa >= at->sp ? step__to(&thread->walk, at, at->link, cfa, at->fp)
						 : ends(MT_END_BAD_FRAME);
	if (cfa <= at->sp)
		return ends(MT_END_BAD_FRAME);
	frame = window__at(thread, tid, fp_at);
	if (!frame)
		return ends(MT_END_UNREADABLE);
	return step__to(&thread->walk, at, frame->pc, cfa, frame->next);
}

static __always_inline u32 step__by_other_rule(struct mt_thread *thread, u32 tid, struct registers *at,
					       const struct mt_unwind_rule *rule)
{
	u64 cfa = (rule->cfa == MT_CFA_RBP ? at->fp : at->sp) + rule->cfa_offset, return_address;

	if (rule->cfa == MT_CFA_RSP && at->sp & INEXACT)
		return step__by_frame_pointer(thread, tid, at);
	if (rule->cfa != MT_CFA_RSP && rule->cfa != MT_CFA_RBP)
		return ends(MT_END_UNSUPPORTED);
	if (rule->rbp == MT_RBP_SAME)
		return step__to_cfa(thread, tid, at, cfa, 0);
	if (rule->rbp == MT_RBP_AT_CFA)
		return step__to_cfa(thread, tid, at, cfa, cfa + rule->rbp_offset);
	if (rule->rbp != MT_RBP_RETURN)
		return ends(MT_END_UNSUPPORTED);
	if (cfa <= at->sp)
		return ends(MT_END_BAD_FRAME);
	if (!window__word(thread, tid, cfa + rule->rbp_offset, &return_address))
		return ends(MT_END_UNREADABLE);
	return step__to(&thread->walk, at, return_address, cfa, at->fp);
}

#else

/* By the CFA; `fp_at` is where the caller's rbp is, or 0 if that is `fp`. */
static __always_inline u32 step__over_frame(struct mt_thread *thread, u32 tid, struct registers *at, u64 cfa, u64 fp_at,
					    u64 fp)
{
	const struct frame_record *frame;
	u64 pc;

	if (cfa <= at->sp)
		return ends(MT_END_BAD_FRAME);
	frame = window__at(thread, tid, cfa - sizeof(*frame));
	if (!frame)
		return ends(MT_END_UNREADABLE);
	pc = frame->pc;
	if (fp_at && !window__word(thread, tid, fp_at, &fp))
		return ends(MT_END_UNREADABLE);
	return step__to(&thread->walk, at, pc, cfa, fp);
}

static __always_inline u32 step__to_cfa(struct mt_thread *thread, u32 tid, struct registers *at, u64 cfa, u64 fp_at)
{
	return step__over_frame(thread, tid, at, cfa, fp_at, at->fp);
}

static __always_inline u32 step__by_other_rule(struct mt_thread *thread, u32 tid, struct registers *at,
					       const struct mt_unwind_rule *rule)
{
	u64 cfa, fp = at->fp;

	if (rule->cfa == MT_CFA_PLT)
		cfa = at->sp + ((at->pc & 15) >= (u32)rule->cfa_offset ? 16 : 8);
	else if (rule->cfa != MT_CFA_RBP_DEREF)
		cfa = (rule->cfa == MT_CFA_RBP ? at->fp : at->sp) + rule->cfa_offset;
	else if (!window__word(thread, tid, fp + rule->cfa_offset, &cfa))
		return ends(MT_END_UNREADABLE);
	if (rule->rbp == MT_RBP_AT_RBP && !window__word(thread, tid, fp + rule->rbp_offset, &fp))
		return ends(MT_END_UNREADABLE);
	return step__over_frame(thread, tid, at, cfa, rule->rbp == MT_RBP_AT_CFA ? cfa + rule->rbp_offset : 0, fp);
}

#endif

static __always_inline u32 step__by_number(struct mt_thread *thread, u32 tid, struct registers *at, u32 number)
{
	u64 below = mt_rule_rbp_below(number), cfa;

	if (!(number & MT_RULE_BY_RBP) && at->sp & INEXACT)
		return step__by_frame_pointer(thread, tid, at);
	cfa = (number & MT_RULE_BY_RBP ? at->fp : at->sp) + mt_rule_cfa_offset(number);
	return step__to_cfa(thread, tid, at, cfa, below ? cfa - below : 0);
}

/* ---- by whatever is known of the code */

static __always_inline u32 step__otherwise(struct mt_thread *thread, u32 tid, struct registers *at,
					   const struct mt_unwind_rule *rule, bool interrupted)
{
	switch (rule->cfa) {
	case MT_CFA_BOTTOM:
		if (!interrupted)
			return ends(MT_END_COMPLETE);
		/* fall through */
	case MT_CFA_NONE:
		return thread->walk.mode == MT_UNWIND_AUTO ? step__by_guess(thread, tid, at, interrupted)
							   : ends(MT_END_NO_UNWIND);
	case MT_CFA_UNSUPPORTED:
		return ends(MT_END_UNSUPPORTED);
	case MT_CFA_SIGNAL:
		return step__over_signal(thread, tid, at);
	default:
		return step__by_other_rule(thread, tid, at, rule);
	}
}

static __always_inline struct registers registers_of(const struct mt_walk *walk)
{
	return (struct registers){walk->pc, walk->sp, walk->fp, walk->link};
}

static __always_inline void registers__put(const struct registers *at, struct mt_walk *walk)
{
	walk->pc = at->pc;
	walk->sp = at->sp;
	walk->fp = at->fp;
	walk->link = at->link;
}

/* A step that few frames need, by the rule of that number. */
__noinline u32 unwind__step_otherwise(u32 tid, u32 number, u32 interrupted)
{
	const struct mt_unwind_rules *rules = bpf_map_lookup_elem(&unwind_rules, &zero);
	struct mt_thread *thread = thread__find(tid);
	struct registers at;
	u32 end;

	if (!thread || !rules)
		return ends(MT_END_NO_MAPPING);
	at = registers_of(&thread->walk);
	end = step__otherwise(thread, tid, &at, &rules->rule[number % MT_RULES_LISTED], interrupted);
	registers__put(&at, &thread->walk);
	return end;
}

/* Notes the frame, and goes on to its caller. */
static __always_inline u32 step(struct mt_thread *thread, u32 tid, const struct mt_unwind_cache *cache,
				struct registers *at, u64 *hash)
{
	u32 interrupted = *(volatile u32 *)&thread->walk.interrupted, number, end;
	/* users of it look at the byte before a return address, to be in the call: so that that is the place here too
	 */
	u64 pc = at->pc + interrupted;

	if (!stack__note(thread, pc))
		return ends(MT_END_TRUNCATED);
	*hash = stack__hash(*hash, pc);
	*(volatile u32 *)&thread->walk.interrupted = 0;
	number = rule_number(cache, thread->walk.mappings, tid, pc);
	if (number & MT_RULE_CODED && number < MT_RULES_MAX)
		return step__by_number(thread, tid, at, number);
	if (number == MT_RULE_END)
		return ends(MT_END_COMPLETE);
	if (number == MT_RULE_NONE && thread->walk.mode == MT_UNWIND_AUTO && !interrupted)
		return step__by_frame_pointer(thread, tid, at);
	if (number == NO_RULE)
		return ends(MT_END_NO_MAPPING);
	registers__put(at, &thread->walk);
	end = unwind__step_otherwise(tid, number, interrupted);
	*at = registers_of(&thread->walk);
	return end;
}

/* Several steps, as the call costs more than one. 1 at the end of the stack, else 0. */
__noinline u32 unwind__steps(u32 tid)
{
	const struct mt_unwind_cache *cache = bpf_map_lookup_elem(&unwind_cache, &zero);
	struct mt_thread *thread = thread__find(tid);
	struct registers at;
	u32 end = 0;
	u64 hash;

	if (!thread || !cache)
		return 1;
	at = registers_of(&thread->walk);
	hash = thread->walk.hash;
	for (u32 i = 0; i < UNWIND_STEPS && !end; i++)
		end = step(thread, tid, cache, &at, &hash);
	thread->walk.hash = hash;
	if (end) {
		thread->stack.end = end - 1;
		return 1;
	}
	registers__put(&at, &thread->walk);
	return 0;
}

/* The same, by frame pointers only. */
__noinline u32 unwind__frame_pointers(u32 tid)
{
	struct mt_thread *thread = thread__find(tid);
	const struct frame_record *frame;
	u64 hash, pc, fp, above;
	u32 end = 0;

	if (!thread)
		return 1;
	pc = thread->walk.pc + thread->walk.interrupted; /* as in step(); only the first one may be */
	thread->walk.interrupted = 0;
	fp = thread->walk.fp;
	above = thread->walk.sp;
	hash = thread->walk.hash;
	for (u32 i = 0; i < FRAME_POINTER_STEPS && !end; i++) {
		if (!stack__note(thread, pc)) {
			end = ends(MT_END_TRUNCATED);
			break;
		}
		hash = stack__hash(hash, pc);
		if (!fp) {
			end = ends(MT_END_COMPLETE);
			break;
		}
		if (fp < above || fp - above > FRAME_SIZE_MAX || fp & 7) {
			end = ends(MT_END_NO_FRAMES);
			break;
		}
		frame = window__at(thread, tid, fp);
		if (!frame) {
			end = ends(MT_END_UNREADABLE);
			break;
		}
		above = fp + sizeof(*frame);
		fp = frame->next;
		pc = arch__code(frame->pc);
		if (!pc)
			end = ends(MT_END_COMPLETE);
	}
	thread->walk.pc = pc;
	thread->walk.fp = fp;
	thread->walk.sp = above;
	thread->walk.hash = hash;
	if (!end)
		return 0;
	thread->stack.end = end - 1;
	return 1;
}

#endif
