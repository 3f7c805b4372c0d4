/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The unwinder: from one frame to the next, by the tables of bpf/unwind.h or by the frame pointer. What a walk knows is
 * in the thread's record and not in registers, and a step is a global function: so the verifier looks at one step once,
 * whatever the depth, and it loads on every kernel from 5.10 on.
 */
#ifndef MEMTRAWL_UNWIND_BPF_H
#define MEMTRAWL_UNWIND_BPF_H

#include "maps.bpf.h"
#include "threads.bpf.h"

#include "unwind.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, MT_UNWIND_MAPPINGS_MAX);
	__type(key, u32);
	__type(value, struct mt_unwind_mapping);
} unwind_mappings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, MT_UNWIND_PAGES_MAX);
	__type(key, u32);
	__type(value, struct mt_unwind_page);
} unwind_pages SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, MT_UNWIND_RULES_MAX);
	__type(key, u32);
	__type(value, struct mt_unwind_rule);
} unwind_rules SEC(".maps");

/* Rows, in chunks that user space makes as it needs them. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, MT_UNWIND_CHUNKS_MAX);
	__uint(key_size, sizeof(u32));
	__array(
		values, struct {
			__uint(type, BPF_MAP_TYPE_ARRAY);
			__uint(map_flags, BPF_F_MMAPABLE);
			__uint(max_entries, 1);
			__uint(key_size, sizeof(u32));
			__uint(value_size, sizeof(struct mt_unwind_chunk));
		});
} unwind_chunks SEC(".maps");

/*
 * Rules that were found before, by object and address: a word each, which holds the whole key, so that whoever reads it
 * while another one writes it gets either. Tables do not change, and objects' numbers are not used again, so nothing in
 * it is ever wrong.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MT_UNWIND_CACHE);
	__type(key, u32);
	__type(value, u64);
} unwind_cache SEC(".maps");

enum { FRAME_SIZE_MAX = 64 << 20 }; /* a frame that is larger is taken for something else */

/* struct ucontext of x86-64, which the stack pointer is at in a signal frame (arch/x86/include/uapi/asm/sigcontext.h)
 */
enum { UCONTEXT_RBP = 120, UCONTEXT_RSP = 160, UCONTEXT_RIP = 168 };

/* Two words of the stack. Where frames have a frame pointer and it points here, the caller's and the return address. */
struct frame_record {
	u64 next;
	u64 pc;
};

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

static __always_inline bool window__word(struct mt_thread *thread, u64 address, u64 *word)
{
	struct frame_record frame;

	if (!window__get(thread, address, &frame))
		return false;
	*word = frame.next;
	return true;
}

/* ---- from an address to its rule */

static __always_inline const struct mt_unwind_mapping *mapping_at(u32 index)
{
	return bpf_map_lookup_elem(&unwind_mappings, &index);
}

/* The process's mapping with the address in it, or NULL. */
static __always_inline const struct mt_unwind_mapping *mapping_of(struct mt_walk *walk, u64 address)
{
	u32 low = walk->mappings >> 32, high = low + (u32)walk->mappings, middle;
	const struct mt_unwind_mapping *mapping = mapping_at(walk->mapping);

	if (mapping && walk->mapping >= low && walk->mapping < high && address >= mapping->start &&
	    address < mapping->limit)
		return mapping;
	for (u32 i = 0; i < MT_UNWIND_MAPPINGS_BITS; i++) {
		if (low >= high)
			break;
		middle = (low + high) / 2;
		mapping = mapping_at(middle);
		if (!mapping)
			break;
		if (address < mapping->start) {
			high = middle;
		} else if (address >= mapping->limit) {
			low = middle + 1;
		} else {
			walk->mapping = middle;
			return mapping;
		}
	}
	return NULL;
}

static __always_inline u32 search_page(const struct mt_unwind_page *page, u32 address)
{
	u32 chunk = page->row / MT_UNWIND_CHUNK_ROWS;
	const struct mt_unwind_chunk *rows;
	void *map = bpf_map_lookup_elem(&unwind_chunks, &chunk);

	rows = map ? bpf_map_lookup_elem(map, &zero) : NULL;
	return rows ? mt_unwind_search(rows->row, page->row, page->count, address) : 0;
}

static __always_inline u32 search_table(const struct mt_unwind_mapping *mapping, u64 address)
{
	u64 number = (address >> MT_UNWIND_PAGE_SHIFT) - mapping->first_page;
	const struct mt_unwind_page *page;
	u32 index = mapping->pages + (u32)number;

	if (number >= mapping->page_count)
		return 0;
	page = bpf_map_lookup_elem(&unwind_pages, &index);
	return page && page->count ? search_page(page, address & 0xffff) : 0;
}

static __always_inline u32 rule_number(const struct mt_unwind_mapping *mapping, u64 pc)
{
	u64 address = pc - mapping->bias, key = (u64)mapping->object << 32 | (u32)address, *cached;
	u32 slot = (u32)(key * 0x9e3779b97f4a7c15ULL >> 32) % MT_UNWIND_CACHE, rule;

	if (!mapping->object || address >> 32)
		return 0;
	cached = bpf_map_lookup_elem(&unwind_cache, &slot);
	if (cached) {
		u64 word = *(volatile u64 *)cached;

		if (word >> 16 == key)
			return word & 0xffff;
	}
	rule = search_table(mapping, address);
	if (cached)
		*(volatile u64 *)cached = key << 16 | rule;
	return rule;
}

/* ---- one step: each gives 0, or 1 + enum mt_end if the stack ends here */

enum { GO_ON = 0, UNWIND_STEPS = 4, FRAME_POINTER_STEPS = 16 };

static __always_inline u32 ends(enum mt_end end)
{
	return 1 + end;
}

/* The caller's registers are known: is that a frame? */
static __always_inline u32 step__to(struct mt_walk *walk, u64 pc, u64 sp, u64 fp)
{
	if (!pc)
		return ends(MT_END_COMPLETE);
	if (pc == walk->trampoline) {
		pc = kernel__replaced_return(sp - sizeof(u64));
		if (!pc)
			return ends(MT_END_UNREADABLE);
	}
	walk->pc = pc;
	walk->sp = sp;
	walk->fp = fp;
	walk->interrupted = 0;
	return GO_ON;
}

static __always_inline u32 step__by_frame_pointer(struct mt_thread *thread)
{
	struct mt_walk *walk = &thread->walk;
	u64 fp = walk->fp;
	struct frame_record frame;

	if (!fp)
		return ends(MT_END_COMPLETE);
	if (fp < walk->sp || fp - walk->sp > FRAME_SIZE_MAX || fp & 7)
		return ends(MT_END_NO_FRAMES);
	if (!window__get(thread, fp, &frame))
		return ends(MT_END_UNREADABLE);
	return step__to(walk, frame.pc, fp + sizeof(frame), frame.next);
}

static __always_inline u32 step__over_signal(struct mt_thread *thread)
{
	struct mt_walk *walk = &thread->walk;
	struct frame_record frame;
	u32 end;
	u64 fp;

	if (!window__word(thread, walk->sp + UCONTEXT_RBP, &fp) ||
	    !window__get(thread, walk->sp + UCONTEXT_RSP, &frame))
		return ends(MT_END_UNREADABLE);
	end = step__to(walk, frame.pc, frame.next, fp);
	walk->interrupted = 1;
	return end;
}

static __always_inline u32 step__by_rule(struct mt_thread *thread, const struct mt_unwind_rule *rule)
{
	struct mt_walk *walk = &thread->walk;
	struct frame_record frame;
	u64 cfa, fp = walk->fp;

	if (rule->cfa == MT_CFA_RSP)
		cfa = walk->sp + rule->cfa_offset;
	else if (rule->cfa == MT_CFA_RBP)
		cfa = fp + rule->cfa_offset;
	else if (rule->cfa == MT_CFA_PLT)
		cfa = walk->sp + ((walk->pc & 15) >= (u32)rule->cfa_offset ? 16 : 8);
	else if (!window__word(thread, fp + rule->cfa_offset, &cfa)) /* MT_CFA_RBP_DEREF */
		return ends(MT_END_UNREADABLE);
	if (cfa <= walk->sp)
		return ends(MT_END_BAD_FRAME);
	if (rule->rbp == MT_RBP_AT_RBP && !window__word(thread, fp + rule->rbp_offset, &fp))
		return ends(MT_END_UNREADABLE);
	if (!window__get(thread, cfa - sizeof(frame), &frame))
		return ends(MT_END_UNREADABLE);
	if (rule->rbp == MT_RBP_AT_CFA) {
		if (rule->rbp_offset == -(int)sizeof(frame))
			fp = frame.next;
		else if (!window__word(thread, cfa + rule->rbp_offset, &fp))
			return ends(MT_END_UNREADABLE);
	}
	return step__to(walk, frame.pc, cfa, fp);
}

static __always_inline u32 step__by_table(struct mt_thread *thread)
{
	struct mt_walk *walk = &thread->walk;
	u64 pc = walk->pc - !walk->interrupted;
	const struct mt_unwind_mapping *mapping = mapping_of(walk, pc);
	const struct mt_unwind_rule *rule;
	u32 number;

	if (!mapping)
		return ends(MT_END_NO_MAPPING);
	number = rule_number(mapping, pc);
	/* a function's first byte, as makecontext() puts it there: nobody called from it, a stack was made by hand */
	if (!number && pc != walk->pc && rule_number(mapping, walk->pc))
		return ends(MT_END_COMPLETE);
	rule = bpf_map_lookup_elem(&unwind_rules, &number);
	if (!rule || rule->cfa == MT_CFA_NONE)
		return walk->mode == MT_UNWIND_AUTO ? step__by_frame_pointer(thread) : ends(MT_END_NO_UNWIND);
	if (rule->cfa == MT_CFA_END)
		return ends(MT_END_COMPLETE);
	if (rule->cfa == MT_CFA_UNSUPPORTED)
		return ends(MT_END_UNSUPPORTED);
	if (rule->cfa == MT_CFA_SIGNAL)
		return step__over_signal(thread);
	return step__by_rule(thread, rule);
}

static __always_inline u64 stack__hash(u64 hash, u64 pc)
{
	/* multiply and fold (the constant is splitmix64's): every bit of the pc reaches both halves */
	hash = (hash ^ pc) * 0xbf58476d1ce4e5b9ULL;
	return hash ^ (hash >> 32);
}

/* Notes the frame that the walk is at, and goes on to its caller. 1 at the end of the stack, else 0. */
static __always_inline u32 step(struct mt_thread *thread)
{
	struct mt_stack *stack = &thread->stack;
	struct mt_walk *walk = &thread->walk;
	u32 n = stack->frames, end;
	u64 pc;

	if (n >= MT_FRAMES_MAX || n >= walk->limit) {
		stack->end = MT_END_TRUNCATED;
		return 1;
	}
	/* users of it look at the byte before a return address, to be in the call: so that that is the place here too
	 */
	pc = walk->pc + walk->interrupted;
	stack->pc[n] = pc;
	stack->frames = n + 1;
	walk->hash = stack__hash(walk->hash, pc);
	end = step__by_table(thread);
	if (end == GO_ON)
		return 0;
	stack->end = end - 1;
	return 1;
}

/* Several steps, as the call costs as much as one. */
__noinline u32 unwind__steps(u32 tid)
{
	struct mt_thread *thread = thread__find(tid);

	for (u32 i = 0; thread && i < UNWIND_STEPS; i++)
		if (step(thread))
			return 1;
	return !thread;
}

/* The same, by frame pointers only: what there is of registers stays in registers. */
__noinline u32 unwind__frame_pointers(u32 tid)
{
	struct mt_thread *thread = thread__find(tid);
	struct frame_record frame = {};
	u64 hash, pc, fp, above;
	u32 n, end = 0;

	if (!thread)
		return 1;
	pc = thread->walk.pc;
	fp = thread->walk.fp;
	above = thread->walk.sp;
	hash = thread->walk.hash;
	for (u32 i = 0; i < FRAME_POINTER_STEPS && !end; i++) {
		n = *(volatile u32 *)&thread->stack.frames; /* so that the verifier sees what bounds it */
		if (n >= MT_FRAMES_MAX || n >= thread->walk.limit) {
			end = ends(MT_END_TRUNCATED);
			break;
		}
		thread->stack.pc[n] = pc;
		*(volatile u32 *)&thread->stack.frames = n + 1;
		hash = stack__hash(hash, pc);
		if (!fp)
			end = ends(MT_END_COMPLETE);
		else if (fp < above || fp - above > FRAME_SIZE_MAX || fp & 7)
			end = ends(MT_END_NO_FRAMES);
		else if (!window__get(thread, fp, &frame))
			end = ends(MT_END_UNREADABLE);
		else if (!frame.pc)
			end = ends(MT_END_COMPLETE);
		above = fp + sizeof(frame);
		fp = frame.next;
		pc = frame.pc;
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
