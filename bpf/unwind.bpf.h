/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The unwinder: from one frame to the next, by the tables of bpf/unwind.h or by the frame pointer. Some steps are one
 * global function, and so is whatever a step seldom needs: the verifier looks at each of them once, whatever the depth,
 * and it loads on every kernel from 5.10 on. Such a function takes numbers and returns one; the rest is in the thread's
 * record, of which the verifier knows nothing, so that one round of a loop is to it like another.
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

/* Two words of the stack. Where frames have a frame pointer and it points here, the caller's and the return address. */
struct frame_record {
	u64 next;
	u64 pc;
};

static __always_inline void window__empty(struct mt_thread *thread)
{
	thread->window_start = ~0ULL >> 1; /* no address is near */
	thread->window_reach = 0;
}

enum { WINDOW_BYTES = MT_WINDOW * sizeof(u64), WORDS_BYTES = sizeof(struct frame_record), PAGE_BYTES = 4096 };

/* Says of a number of bytes below WINDOW_BYTES that it is, in a way that the verifier of 5.10 follows. */
static __always_inline u64 window__bounded(u64 size)
{
	barrier_var(size);
	return size & (WINDOW_BYTES - 1);
}

/*
 * Reads stack memory from `address` on into the window; 0 if it cannot be read. A read from user memory costs some 60
 * ns however short it is, and one that fails many times that. So as much is read at once as many frames take; and where
 * that went beyond the stack's end once, reads end at that page from then on. (They still begin beyond it where a walk
 * leads there: pages come back.) A global function, which the verifier looks at once, and not at each read of each
 * step.
 */
__noinline u32 unwind__read(u32 tid, u64 address)
{
	struct mt_thread *thread = thread__find(tid);
	u64 size = WINDOW_BYTES, left;

	if (!thread)
		return 0;
	left = thread->window_edge - address;
	if (left >= WORDS_BYTES && left < WINDOW_BYTES)
		size = window__bounded(left);
	window__empty(thread);
	if (bpf_probe_read_user(thread->window, size, (void *)address)) {
		left = PAGE_BYTES - address % PAGE_BYTES;
		if (left < WORDS_BYTES || left >= size)
			return 0;
		thread->window_edge = address + left;
		size = window__bounded(left);
		if (bpf_probe_read_user(thread->window, size, (void *)address))
			return 0;
	}
	thread->window_start = address;
	thread->window_reach = size - WORDS_BYTES;
	return 1;
}

/*
 * The word at `address` and the one above it; NULL if they cannot be read. Both are to be used before the next call.
 */
static __always_inline const struct frame_record *window__at(struct mt_thread *thread, u32 tid, u64 address)
{
	u64 offset = address - thread->window_start;

	if (offset > thread->window_reach) {
		if (!unwind__read(tid, address))
			return NULL;
		offset = 0;
	}
	return (const struct frame_record *)&thread->window[offset / sizeof(u64) & (MT_WINDOW - 1)];
}

static __always_inline bool window__word(struct mt_thread *thread, u32 tid, u64 address, u64 *word)
{
	const struct frame_record *frame = window__at(thread, tid, address);

	if (!frame)
		return false;
	*word = frame->next;
	return true;
}

/* ---- from an address to its rule */

static __always_inline const struct mt_unwind_mapping *mapping_at(u32 index)
{
	return bpf_map_lookup_elem(&unwind_mappings, &index);
}

enum { NO_MAPPING = ~0U };

/* Does the entry belong to the process that is walked, and have the address in it? Then it holds, wherever it is from.
 */
static __always_inline const struct mt_unwind_mapping *mapping_if(const struct mt_walk *walk, u32 number, u64 address)
{
	const struct mt_unwind_mapping *mapping = mapping_at(number);

	if (mapping && number - (u32)(walk->mappings >> 32) < (u32)walk->mappings && address >= mapping->start &&
	    address < mapping->limit)
		return mapping;
	return NULL;
}

static __always_inline u32 search_mappings(u64 list, u64 address)
{
	u32 low = list >> 32, high = low + (u32)list, middle;
	const struct mt_unwind_mapping *mapping;

	for (u32 i = 0; i < MT_UNWIND_MAPPINGS_BITS; i++) {
		if (low >= high)
			break;
		middle = (low + high) / 2;
		mapping = mapping_at(middle);
		if (!mapping)
			break;
		if (address < mapping->start)
			high = middle;
		else if (address >= mapping->limit)
			low = middle + 1;
		else
			return middle;
	}
	return NO_MAPPING;
}

/* The entry with the address in it; that where an address near this one was found last is looked at first. */
__noinline u32 unwind__find_mapping(u32 tid, u64 address)
{
	struct mt_thread *thread = thread__find(tid);
	u32 number, *hint;

	if (!thread)
		return NO_MAPPING;
	hint = &thread->walk.hints[(address >> 16 ^ address >> 24) % MT_WALK_HINTS];
	number = *hint;
	if (!mapping_if(&thread->walk, number, address)) {
		number = search_mappings(thread->walk.mappings, address);
		*hint = number;
	}
	return number;
}

static __always_inline u64 cache_key(const struct mt_unwind_mapping *mapping, u64 address)
{
	return (u64)mapping->object << 32 | (u32)address;
}

static __always_inline u32 cache_slot(u64 key)
{
	return (u32)(key * 0x9e3779b97f4a7c15ULL >> 32) % MT_UNWIND_CACHE;
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

/*
 * The number of the rule for an address of the object's own, from its table, for the cache's slot, too. As the next one
 * a global function, which the verifier looks at once, and not in each step.
 */
__noinline u32 unwind__search_table(u32 number, u64 address)
{
	const struct mt_unwind_mapping *mapping = mapping_at(number);
	u64 key, *cached;
	u32 slot, rule;

	if (!mapping)
		return 0;
	rule = search_table(mapping, address);
	key = cache_key(mapping, address);
	slot = cache_slot(key);
	cached = bpf_map_lookup_elem(&unwind_cache, &slot);
	if (cached)
		*(volatile u64 *)cached = key << 16 | rule;
	return rule;
}

/* Is anything known of the code at that address? */
__noinline u32 unwind__has_rule(u32 number, u64 pc)
{
	const struct mt_unwind_mapping *mapping = mapping_at(number);

	return mapping && mapping->object && search_table(mapping, pc - mapping->bias);
}

/* By the cache, and else by the table. `number` is the mapping's. */
static __always_inline u32 rule_number(const struct mt_unwind_mapping *mapping, u32 number, u64 pc)
{
	u64 address = pc - mapping->bias, key = cache_key(mapping, address), *cached;
	u32 slot = cache_slot(key);

	if (!mapping->object || address >> 32)
		return 0;
	cached = bpf_map_lookup_elem(&unwind_cache, &slot);
	if (cached) {
		u64 word = *(volatile u64 *)cached;

		if (word >> 16 == key)
			return word & 0xffff;
	}
	return unwind__search_table(number, address);
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

enum { GO_ON = 0, UNWIND_STEPS = 6, FRAME_POINTER_STEPS = 16 };

/* Those of the frame that comes next, while a walk is in one function. */
struct registers {
	u64 pc, sp, fp;
	u32 mapping; /* entry of `unwind_mappings` that the frame before was in */
	u64 link;    /* mt_walk.link */
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

#if defined(__TARGET_ARCH_arm64)

static __always_inline u32 step__by_rule(struct mt_thread *thread, u32 tid, struct registers *at,
					 const struct mt_unwind_rule *rule)
{
	const struct frame_record *frame;
	u64 cfa, fp = at->fp, pc = at->link;

	if (rule->cfa == MT_CFA_RSP && at->sp & INEXACT)
		return step__by_frame_pointer(thread, tid, at);
	if (rule->cfa == MT_CFA_RSP)
		cfa = at->sp + rule->cfa_offset;
	else if (rule->cfa == MT_CFA_RBP)
		cfa = fp + rule->cfa_offset;
	else
		return ends(MT_END_UNSUPPORTED);
	/* a function without a frame of its own is one that was interrupted, or in a syscall: the first of a walk */
	if (rule->rbp == MT_RBP_SAME)
		return pc && cfa >= at->sp ? step__to(&thread->walk, at, pc, cfa, fp) : ends(MT_END_BAD_FRAME);
	if (cfa <= at->sp)
		return ends(MT_END_BAD_FRAME);
	frame = window__at(thread, tid, cfa + rule->rbp_offset);
	if (!frame)
		return ends(MT_END_UNREADABLE);
	if (rule->rbp == MT_RBP_RETURN)
		return step__to(&thread->walk, at, frame->next, cfa, fp);
	if (rule->rbp != MT_RBP_AT_CFA)
		return ends(MT_END_UNSUPPORTED);
	return step__to(&thread->walk, at, frame->pc, cfa, frame->next);
}

#else

static __always_inline u32 step__by_rule(struct mt_thread *thread, u32 tid, struct registers *at,
					 const struct mt_unwind_rule *rule)
{
	const struct frame_record *frame;
	u64 cfa, fp = at->fp, pc;

	if (rule->cfa == MT_CFA_RSP)
		cfa = at->sp + rule->cfa_offset;
	else if (rule->cfa == MT_CFA_RBP)
		cfa = fp + rule->cfa_offset;
	else if (rule->cfa == MT_CFA_PLT)
		cfa = at->sp + ((at->pc & 15) >= (u32)rule->cfa_offset ? 16 : 8);
	else if (!window__word(thread, tid, fp + rule->cfa_offset, &cfa)) /* MT_CFA_RBP_DEREF */
		return ends(MT_END_UNREADABLE);
	if (cfa <= at->sp)
		return ends(MT_END_BAD_FRAME);
	if (rule->rbp == MT_RBP_AT_RBP && !window__word(thread, tid, fp + rule->rbp_offset, &fp))
		return ends(MT_END_UNREADABLE);
	frame = window__at(thread, tid, cfa - sizeof(*frame));
	if (!frame)
		return ends(MT_END_UNREADABLE);
	pc = frame->pc;
	if (rule->rbp == MT_RBP_AT_CFA) {
		if (rule->rbp_offset == -(int)sizeof(*frame))
			fp = frame->next;
		else if (!window__word(thread, tid, cfa + rule->rbp_offset, &fp))
			return ends(MT_END_UNREADABLE);
	}
	return step__to(&thread->walk, at, pc, cfa, fp);
}

#endif

static __always_inline u32 step__by_table(struct mt_thread *thread, u32 tid, struct registers *at, u64 pc,
					  bool interrupted)
{
	struct mt_walk *walk = &thread->walk;
	const struct mt_unwind_mapping *mapping;
	const struct mt_unwind_rule *rule;
	u32 number;

	/* first that of the frame before, as it is known long before the address is */
	mapping = mapping_if(walk, at->mapping, pc);
	if (!mapping) {
		at->mapping = unwind__find_mapping(tid, pc);
		mapping = mapping_at(at->mapping);
	}
	if (!mapping)
		return ends(MT_END_NO_MAPPING);
	number = rule_number(mapping, at->mapping, pc);
	/* a function's first byte, as makecontext() puts it there: nobody called from it, a stack was made by hand */
	if (!number && pc != at->pc && unwind__has_rule(at->mapping, at->pc))
		return ends(MT_END_COMPLETE);
	rule = bpf_map_lookup_elem(&unwind_rules, &number);
	if (!rule || rule->cfa == MT_CFA_NONE)
		return walk->mode == MT_UNWIND_AUTO ? step__by_guess(thread, tid, at, interrupted)
						    : ends(MT_END_NO_UNWIND);
	if (rule->cfa == MT_CFA_END)
		return ends(MT_END_COMPLETE);
	if (rule->cfa == MT_CFA_UNSUPPORTED)
		return ends(MT_END_UNSUPPORTED);
	if (rule->cfa == MT_CFA_SIGNAL)
		return step__over_signal(thread, tid, at);
	return step__by_rule(thread, tid, at, rule);
}

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

/* Notes the frame, and goes on to its caller. */
static __always_inline u32 step(struct mt_thread *thread, u32 tid, struct registers *at, u64 *hash)
{
	u32 interrupted = *(volatile u32 *)&thread->walk.interrupted;
	/* users of it look at the byte before a return address, to be in the call: so that that is the place here too
	 */
	u64 pc = at->pc + interrupted;

	if (!stack__note(thread, pc))
		return ends(MT_END_TRUNCATED);
	*hash = stack__hash(*hash, pc);
	if (interrupted)
		*(volatile u32 *)&thread->walk.interrupted = 0;
	return step__by_table(thread, tid, at, pc - 1, interrupted);
}

/* Several steps, as the call costs as much as one. 1 at the end of the stack, else 0. */
__noinline u32 unwind__steps(u32 tid)
{
	struct mt_thread *thread = thread__find(tid);
	struct registers at;
	u32 end = 0;
	u64 hash;

	if (!thread)
		return 1;
	at = (struct registers){thread->walk.pc, thread->walk.sp, thread->walk.fp, thread->walk.mapping,
				thread->walk.link};
	hash = thread->walk.hash;
	for (u32 i = 0; i < UNWIND_STEPS && !end; i++)
		end = step(thread, tid, &at, &hash);
	thread->walk.hash = hash;
	thread->walk.mapping = at.mapping;
	if (end) {
		thread->stack.end = end - 1;
		return 1;
	}
	thread->walk.pc = at.pc;
	thread->walk.sp = at.sp;
	thread->walk.fp = at.fp;
	thread->walk.link = at.link;
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
