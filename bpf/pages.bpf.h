/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Which call stack touched which page first, for any language and any allocator: page faults in, and pages that are
 * unmapped out. A page costs eight bytes here, in blocks of 2 MiB; a huge page has a word for the page that faulted,
 * and user space gives the others the same (user/target/pagemap.h). What is resident is not decided here at all: the
 * process's page tables tell when the records are read.
 *
 * A page that is not there yet belongs to whoever faults it in. One that is there, and is written, keeps its record:
 * that is the copy which one of two processes gets after fork. But where it was only read before, what was there was
 * the kernel's page of zeroes, or of a file: then whoever writes has made it.
 */
#ifndef MEMTRAWL_PAGES_BPF_H
#define MEMTRAWL_PAGES_BPF_H

#include "mappings.bpf.h"
#include "page_words.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct mt_page_key);
	__type(value, struct mt_page_block);
} pages SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MT_SITES_DEFAULT);
	__type(key, struct mt_site_key);
	__type(value, struct mt_page_site);
} page_sites SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct mt_page_seed);
} page_seed SEC(".maps");

/* A thread that ends leaves its entry: the oldest make room. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, struct mt_page_call);
} page_calls SEC(".maps");

static const struct mt_page_block page_block_zero;

/* Of the error code of a fault (arch/x86/include/asm/trap_pf.h). */
enum { FAULT_PRESENT = 1, FAULT_WRITE = 2 };

enum { USER_ADDRESS_BITS = 56 };

static __always_inline struct mt_page_block *pages__find(u32 process, u64 block)
{
	struct mt_page_key key = {.block = block, .process = process};

	return bpf_map_lookup_elem(&pages, &key);
}

static __always_inline struct mt_page_block *pages__make(u32 process, u64 block)
{
	struct mt_page_key key = {.block = block, .process = process};
	struct mt_page_block *found = bpf_map_lookup_elem(&pages, &key);

	if (found)
		return found;
	bpf_map_update_elem(&pages, &key, &page_block_zero, BPF_NOEXIST);
	return bpf_map_lookup_elem(&pages, &key);
}

/* ---- faults */

/* Does the fault say who made the page, if `word` is what is known of it? */
static __always_inline bool fault__counts(struct task_struct *task, u64 word, u64 error)
{
	if (error & FAULT_PRESENT)
		return error & FAULT_WRITE && !mt_page_is_made(word);
	/* It may be swapped out: then it comes back, and is still whose it was. */
	return !mt_page_is_made(word) || kernel__swapped_pages(task) <= 0;
}

/* Is what is kept under the key the same stack? Hashes are cut, so a few frames are compared, too. */
static __always_inline bool stack__is_same(const struct mt_stack *a, const struct mt_stack *b)
{
	u32 middle = b->frames / 2;

	if (a->frames != b->frames || a->era != b->era || a->end != b->end || a->pc[0] != b->pc[0])
		return false;
	return middle >= MT_FRAMES_MAX || a->pc[middle] == b->pc[middle];
}

/* The key of the stack, which is kept; MT_PAGE_NO_STACK where there is no room. */
static __always_inline u64 pages__intern(u64 hash, const struct mt_stack *stack)
{
	u64 key = mt_page_stack_key(hash);

	for (int i = 0; i < 2; i++, key++) {
		const struct mt_stack *known = bpf_map_lookup_elem(&stacks, &key);

		if (!known)
			return bpf_map_update_elem(&stacks, &key, stack, BPF_ANY) ? MT_PAGE_NO_STACK : key;
		if (stack__is_same(known, stack))
			return key;
	}
	return MT_PAGE_NO_STACK;
}

static __always_inline u64 fault__take_stack(const struct owner *owner, const struct pt_regs *regs, bool interrupted)
{
	u32 tid = (u32)bpf_get_current_pid_tgid();
	struct mt_thread *thread = thread__find(tid);
	u64 hash;

	if (!thread)
		thread = thread__make(owner->hashed, tid);
	if (!thread) {
		count_loss(owner->counters, MT_LOSS_THREADS_FULL);
		return MT_PAGE_NO_STACK;
	}
	trampoline_of(owner);
	hash = interrupted ? stack__capture_interrupted(regs, thread, tid, owner)
			   : stack__capture_syscall(regs, thread, tid, owner);
	stack__count_loss(owner, &thread->stack);
	call__tell_unmapped(owner, &thread->stack);
	return pages__intern(hash, &thread->stack);
}

/* Counts the page for the site of a stack; the one of MT_PAGE_NO_STACK where there is no room. Returns its key. */
static __always_inline u64 page_sites__add(const struct owner *owner, u64 stack, u64 touched)
{
	struct mt_site_key key = {.stack = stack, .process = owner->id};
	struct mt_page_site fresh = {}, *site = bpf_map_lookup_elem(&page_sites, &key);

	if (!site) {
		bpf_map_update_elem(&page_sites, &key, &fresh, BPF_NOEXIST);
		site = bpf_map_lookup_elem(&page_sites, &key);
	}
	if (!site) {
		count_loss(owner->counters, MT_LOSS_SITES_FULL);
		return MT_PAGE_NO_STACK;
	}
	__sync_fetch_and_add(&site->touched, touched);
	return stack;
}

static __always_inline void fault__record(const struct owner *owner, u64 *word, const struct pt_regs *regs,
					  bool interrupted, bool read)
{
	u64 stack = fault__take_stack(owner, regs, interrupted), now = now_ns(owner->counters);

	stack = page_sites__add(owner, stack, !read);
	__sync_fetch_and_add(&owner->process->page_records, 1);
	*(volatile u64 *)word = mt_page_word(stack, now - owner->session->epoch_ns, read);
}

/* A fault of user space's, whose registers are at `from`; or (NULL) of the kernel's, on its behalf. */
static __always_inline void page__fault(bool hashed, u64 address, const void *from, u64 error)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	u32 slot = slot_of(bpf_get_current_pid_tgid() >> 32);
	struct owner owner = {.hashed = hashed};
	struct mt_page_block *block;
	struct pt_regs regs;
	bool interrupted;
	u64 *word;

	if (slot == MT_SLOT_ANY || address >> USER_ADDRESS_BITS || !owner__from_slot(slot, &owner))
		return;
	/* a read that may not wait for the page, as are those of BPF programs: nothing comes of it */
	if (!from && kernel__faults_are_disabled(task))
		return;
	if (owner.session->paused) {
		owner.counters->faults_passed++;
		return;
	}
	owner.counters->faults++;
	block = pages__make(owner.id, address >> MT_PAGES_SHIFT);
	if (!block) {
		count_loss(owner.counters, MT_LOSS_PAGES_FULL);
		return;
	}
	word = &block->word[address >> MT_PAGE_SHIFT & (MT_PAGES - 1)];
	if (!fault__counts(task, *word, error))
		return;
	interrupted = from;
	if (!from)
		from = kernel__user_registers(task);
	if (bpf_probe_read_kernel(&regs, sizeof(regs), from) || !arch__is_64bit(&regs))
		return;
	if ((s64)arch__syscall(&regs) < 0) /* in no syscall */
		interrupted = true;
	fault__record(&owner, word, &regs, interrupted, !(error & FAULT_WRITE));
}

/* ---- what is unmapped */

enum { CLEAR_BLOCKS = 64, CLEAR_ROUNDS = 512 }; /* up to 64 GiB at once */

/*
 * Where a block has one stack only, it may be for all of a huge page, which is about to be cut: then each page gets its
 * word. In parts, each a global function's, as the verifier goes through every round of a loop.
 */
enum { PART = 32, PARTS = MT_PAGES / PART };

#define SEVERAL_STACKS (~0ULL)

/* The word of the only stack in a part, or in the parts before it (`only`); SEVERAL_STACKS, or 0 if there is none. */
__noinline u64 block__only_word(u32 process, u64 number, u32 part, u64 only)
{
	const struct mt_page_block *block = pages__find(process, number);

	for (u32 i = 0; block && i < PART; i++) {
		u64 word = block->word[(part * PART + i) & (MT_PAGES - 1)];

		if (!word || word & MT_PAGE_READ)
			continue;
		if (only && mt_page_key_of(word) != mt_page_key_of(only))
			return SEVERAL_STACKS;
		only = word;
	}
	return only;
}

__noinline int block__fill(u32 process, u64 number, u32 part, u64 word)
{
	struct mt_page_block *block = pages__find(process, number);

	for (u32 i = 0; block && i < PART; i++) {
		u64 *at = &block->word[(part * PART + i) & (MT_PAGES - 1)];

		if (!*at || *at & MT_PAGE_READ)
			*at = word | MT_PAGE_GUESS;
	}
	return 0;
}

__noinline int block__spread(u32 process, u64 number)
{
	u64 only = 0;

	for (u32 part = 0; part < PARTS && only != SEVERAL_STACKS; part++)
		only = block__only_word(process, number, part, only);
	for (u32 part = 0; part < PARTS && only && only != SEVERAL_STACKS; part++)
		block__fill(process, number, part, only);
	return 0;
}

__noinline int block__clear_part(u32 process, u64 number, u32 first, u32 limit)
{
	struct mt_page_block *block = pages__find(process, number);

	for (u32 i = 0; block && i < PART; i++)
		if (first + i < limit)
			block->word[(first + i) & (MT_PAGES - 1)] = 0;
	return 0;
}

/* Pages [first, limit) of a block: not all of them. */
__noinline int pages__clear_part(u32 process, u64 number, u32 first, u32 limit)
{
	if (!pages__find(process, number))
		return 0;
	block__spread(process, number);
	for (u32 part = 0; part < PARTS && first < limit; part++, first += PART)
		block__clear_part(process, number, first, limit);
	return 0;
}

/* Whole blocks from one on, some at once: nobody can be in the middle of writing to them, as nothing is there. */
__noinline int pages__clear_blocks(u32 process, u64 number, u64 count)
{
	struct mt_page_key key = {.process = process};

	for (u32 i = 0; i < CLEAR_BLOCKS && i < count; i++) {
		key.block = number + i;
		bpf_map_delete_elem(&pages, &key);
	}
	return 0;
}

/* Forgets the pages [first, limit), which are numbers of pages. False if it was too much for one call. */
__noinline int pages__clear(u32 process, u64 first, u64 limit)
{
	u64 block = (first + MT_PAGES - 1) / MT_PAGES, end = limit / MT_PAGES;

	if (first >= limit)
		return true;
	if (block > end) { /* within one */
		pages__clear_part(process, end, first % MT_PAGES, limit % MT_PAGES);
		return true;
	}
	if (first % MT_PAGES)
		pages__clear_part(process, block - 1, first % MT_PAGES, MT_PAGES);
	if (limit % MT_PAGES)
		pages__clear_part(process, end, 0, limit % MT_PAGES);
	for (u32 i = 0; i < CLEAR_ROUNDS && block < end; i++, block += CLEAR_BLOCKS)
		pages__clear_blocks(process, block, end - block);
	return block >= end;
}

enum { MREMAP_FIXED = 2, BREAK_ROOM = 256 << 20 /* a program's break seldom shrinks by more */ };

/* What a syscall drops: [*start, *start + *length). False if it is none of those that do. */
static __always_inline bool call__drops(const struct pt_regs *regs, u64 *start, u64 *length)
{
	u64 old_length = page_up(arch__syscall_argument(regs, 1)), advice = arch__syscall_argument(regs, 2);

	*start = arch__syscall_argument(regs, 0);
	*length = old_length;
	switch (arch__syscall(regs)) {
	case SYSCALL_MUNMAP:
		return true;
	case SYSCALL_MADVISE:
		return advice == MADV_DONTNEED || advice == MADV_REMOVE || advice == MADV_DONTNEED_LOCKED;
	case SYSCALL_MMAP:
		return arch__syscall_argument(regs, 3) & MAP_FIXED;
	case SYSCALL_BRK:
		*start = page_up(*start);
		*length = BREAK_ROOM;
		return true;
	case SYSCALL_MREMAP:
		*length = page_up(advice);
		if (arch__syscall_argument(regs, 3) & MREMAP_FIXED) {
			*start = arch__syscall_argument(regs, 4);
			return true;
		}
		*start += *length;
		*length = old_length - *length;
		return (s64)*length > 0;
	}
	return false;
}

/* The kernel tells of every part of a range that it drops: once is enough, unless there were faults in between. */
static __always_inline bool call__is_new(const struct owner *owner, u64 start, u64 length)
{
	u32 tid = (u32)bpf_get_current_pid_tgid();
	struct mt_page_call fresh = {}, *last = bpf_map_lookup_elem(&page_calls, &tid);

	if (!last) {
		bpf_map_update_elem(&page_calls, &tid, &fresh, BPF_ANY);
		last = bpf_map_lookup_elem(&page_calls, &tid);
	}
	if (!last)
		return true;
	if (last->start == start && last->length == length && last->records == owner->process->page_records)
		return false;
	last->start = start;
	last->length = length;
	last->records = owner->process->page_records;
	return true;
}

/*
 * A count of resident pages has changed, of the memory `mm`. In a fault the registers of user space are in no syscall;
 * where they are in one that drops pages, it is at it now, whoever called it and how. That costs a host much less than
 * looking at its syscalls. Other causes (reclaim, another process's doing) are left to the page tables.
 */
static __always_inline void pages__rss_changed(const void *mm)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	u64 number = kernel__syscall(task), start, length;
	struct owner owner = {};
	struct pt_regs regs;
	u32 slot;

	if (number != SYSCALL_MUNMAP && number != SYSCALL_MADVISE && number != SYSCALL_MMAP && number != SYSCALL_BRK &&
	    number != SYSCALL_MREMAP)
		return;
	slot = slot_of(bpf_get_current_pid_tgid() >> 32);
	if (slot == MT_SLOT_ANY || BPF_CORE_READ(task, mm) != mm || !owner__from_slot(slot, &owner))
		return;
	if (bpf_probe_read_kernel(&regs, sizeof(regs), kernel__user_registers(task)) || !arch__is_64bit(&regs))
		return;
	if (!call__drops(&regs, &start, &length) || !call__is_new(&owner, start, length))
		return;
	if (!pages__clear(owner.id, start >> MT_PAGE_SHIFT, (start + length) >> MT_PAGE_SHIFT))
		count_loss(owner.counters, MT_LOSS_PAGES_STALE);
}

/* ---- what is moved */

/*
 * mremap takes pages elsewhere, and no count of them changes: it is seen where programs call it, the C library's
 * function. Who makes the syscall by other means moves pages whose records stay behind: they are told as if they had
 * come without a fault, and the records go with whatever comes there next.
 */
enum { MOVE_ROUNDS = 32 }; /* three times within each other, of PART pages at most: 4 GiB */

/* Moves the words of some pages. Returns how many pages those were: less than PART at the end of a block. */
__noinline u64 pages__move_part(u32 process, u64 from, u64 to, u64 count)
{
	struct mt_page_block *source = pages__find(process, from / MT_PAGES), *target;
	u32 first = from % MT_PAGES, second = to % MT_PAGES;
	u64 room = MT_PAGES - (first > second ? first : second);

	if (room > count)
		room = count;
	if (!source)
		return room;
	if (room > PART)
		room = PART;
	target = pages__make(process, to / MT_PAGES);
	for (u32 i = 0; target && i < PART; i++)
		if (i < room)
			target->word[(second + i) & (MT_PAGES - 1)] = source->word[(first + i) & (MT_PAGES - 1)];
	return target ? room : 0;
}

/* Some more parts, from page `done` of a range of `count` on. Returns how many are done then. */
__noinline u64 pages__move_some(u32 process, u64 from, u64 to, u64 done, u64 count)
{
	for (u32 i = 0; i < MOVE_ROUNDS && done < count; i++) {
		/* a huge page that comes to lie across blocks must have its word in both */
		if ((from + done) % MT_PAGES == 0 && (from - to) % MT_PAGES)
			block__spread(process, (from + done) / MT_PAGES);
		u64 moved = pages__move_part(process, from + done, to + done, count - done);

		if (!moved)
			break;
		done += moved;
	}
	return done;
}

__noinline u64 pages__move_more(u32 process, u64 from, u64 to, u64 done, u64 count)
{
	for (u32 i = 0; i < MOVE_ROUNDS && done < count; i++)
		done = pages__move_some(process, from, to, done, count);
	return done;
}

/* These are numbers of pages. False if it was too much. */
static __always_inline bool pages__move(const struct owner *owner, u64 from, u64 to, u64 count)
{
	u64 done = 0;

	block__spread(owner->id, from / MT_PAGES);
	block__spread(owner->id, (from + count - 1) / MT_PAGES);
	for (u32 i = 0; i < MOVE_ROUNDS && done < count; i++)
		done = pages__move_more(owner->id, from, to, done, count);
	return pages__clear(owner->id, from, from + count) && done == count;
}

static __always_inline void remap__enter(struct pt_regs *ctx)
{
	u64 cookie = probe_cookie(ctx), old = 0, length = 0, wanted = 0;
	u32 tid = (u32)bpf_get_current_pid_tgid();
	struct mt_page_call fresh = {}, *call;
	struct owner owner = {};

	if (!owner__from_cookie(cookie, &owner))
		return;
	cookie__argument(cookie, MT_COOKIE_BLOCK_SHIFT, ctx, &old);
	cookie__argument(cookie, MT_COOKIE_SIZE_SHIFT, ctx, &length);
	cookie__argument(cookie, MT_COOKIE_COUNT_SHIFT, ctx, &wanted);
	call = bpf_map_lookup_elem(&page_calls, &tid);
	if (!call) {
		bpf_map_update_elem(&page_calls, &tid, &fresh, BPF_ANY);
		call = bpf_map_lookup_elem(&page_calls, &tid);
	}
	if (!call)
		return;
	call->move_from = old;
	call->move_length = page_up(length < wanted ? length : wanted);
}

static __always_inline void remap__leave(struct pt_regs *ctx)
{
	u32 tid = (u32)bpf_get_current_pid_tgid();
	struct mt_page_call *call = bpf_map_lookup_elem(&page_calls, &tid);
	u64 to = arch__result(ctx), from, length;
	struct owner owner = {};

	if (!call || !call->move_length)
		return;
	from = call->move_from;
	length = call->move_length;
	call->move_length = 0;
	if (to == ~0ULL || to == from || !owner__from_slot(slot_of(bpf_get_current_pid_tgid() >> 32), &owner))
		return;
	if (!pages__move(&owner, from >> MT_PAGE_SHIFT, to >> MT_PAGE_SHIFT, length >> MT_PAGE_SHIFT))
		count_loss(owner.counters, MT_LOSS_PAGES_STALE);
	call->length = 0; /* what is remembered to be cleared is not, any more */
}

/* ---- what was there before */

__noinline int block__seed(u32 part)
{
	const struct mt_page_seed *seed = bpf_map_lookup_elem(&page_seed, &zero);
	struct mt_page_block *block = seed ? pages__find(seed->key.process, seed->key.block) : NULL;

	for (u32 i = 0; block && i < PART; i++) {
		u32 page = (part * PART + i) & (MT_PAGES - 1);

		if (seed->present[page / 64] >> page % 64 & 1 && !block->word[page])
			block->word[page] = (u64)MT_PAGE_BEFORE << MT_PAGE_KEY_SHIFT;
	}
	return 0;
}

/* Run by user space for each block of pages that it has found. A page that has faulted since is left alone. */
static __always_inline int pages__seed(void)
{
	const struct mt_page_seed *seed = bpf_map_lookup_elem(&page_seed, &zero);

	if (!seed || !pages__make(seed->key.process, seed->key.block))
		return 1;
	for (u32 part = 0; part < PARTS; part++)
		block__seed(part);
	return 0;
}

#endif
