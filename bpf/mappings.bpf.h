/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Memory that a process maps by itself: mmap, munmap, mremap and brk, seen at the tracepoints that every syscall
 * passes. Private anonymous memory only: files and shared memory are not what leaks in this sense, and huge pages of
 * hugetlbfs are files too. These books are apart from the heap's, as an allocator takes its memory from here.
 *
 * A record is kept for every range that was mapped or grown, by its start. Ranges that are unmapped exactly, or from
 * their start, are taken out; of any others a record says that they are gone. User space puts them together
 * (user/target/regions.h): the newer record is right, and what /proc/PID/maps does not have is gone.
 *
 * A range is new from the end of the call that made it, and gone from the beginning of the call that unmapped it: in
 * between another thread may have got the same addresses, whose record must not be taken for the old one.
 */
#ifndef MEMTRAWL_MAPPINGS_BPF_H
#define MEMTRAWL_MAPPINGS_BPF_H

#include "calls.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MT_REGIONS_MAX);
	__type(key, struct mt_region_key);
	__type(value, struct mt_region);
} regions SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MT_SITES_DEFAULT);
	__type(key, struct mt_site_key);
	__type(value, struct mt_mapping_site);
} mapping_sites SEC(".maps");

/* A thread that dies in its call leaves its entry: the oldest make room. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, struct mt_mapping_call);
} mapping_calls SEC(".maps");

/* Who is at the records of a process: the value means nothing. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MT_SLOTS_MAX);
	__type(key, u32);
	__type(value, u32);
} mapping_locks SEC(".maps");

/* The registers of the call. These programs run with preemption off (__bpf_trace_sys_enter). */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct pt_regs);
} mapping_registers SEC(".maps");

/* Flags of uapi/asm-generic/mman*.h */
enum {
	MAP_TYPE = 0xf,
	MAP_PRIVATE = 0x2,
	MAP_FIXED = 0x10,
	MAP_ANONYMOUS = 0x20,
	MAP_HUGETLB = 0x40000,
	MREMAP_DONTUNMAP = 4,

	PAGE_SIZE = 4096,
};

/* Advice of madvise that drops pages (include/uapi/asm-generic/mman-common.h). MADV_FREE leaves them for a time. */
enum { MADV_DONTNEED = 4, MADV_FREE = 8, MADV_REMOVE = 9, MADV_DONTNEED_LOCKED = 24 };

static __always_inline u64 page_up(u64 bytes)
{
	return (bytes + PAGE_SIZE - 1) & -(u64)PAGE_SIZE;
}

/*
 * What is looked up must not be another thread's by the time it is replaced. Programs of this type have no spin locks,
 * but an element that must not exist can be made by one only. Whoever has it is running on another processor and soon
 * done, an interrupt there included; one that was taken away from a virtual machine is not waited for. A global
 * function, which the verifier looks at once.
 */
__noinline int regions__lock(u32 process)
{
	enum { TRIES = 2048 }; /* of some 50 ns */

	for (u32 i = 0; i < TRIES; i++)
		if (!bpf_map_update_elem(&mapping_locks, &process, &zero, BPF_NOEXIST))
			return true;
	return false;
}

static __always_inline void regions__unlock(u32 process, bool locked)
{
	if (locked)
		bpf_map_delete_elem(&mapping_locks, &process);
}

static __always_inline void regions__put(const struct owner *owner, const struct mt_region_key *key,
					 const struct mt_region *region)
{
	if (bpf_map_update_elem(&regions, key, region, BPF_ANY))
		count_loss(owner->counters, MT_LOSS_MAPPINGS_FULL);
}

/* The record at `key` is about to be replaced by one of `length`: what it says of the addresses beyond stays true. */
static __always_inline void regions__keep_rest(const struct owner *owner, const struct mt_region_key *key,
					       const struct mt_region *old, u64 length)
{
	struct mt_region_key rest_key = *key;
	struct mt_region rest = *old, *there;

	if (old->length <= length)
		return;
	rest_key.start += length;
	rest.length -= length;
	there = bpf_map_lookup_elem(&regions, &rest_key);
	if (!there || there->since_ns < rest.since_ns)
		regions__put(owner, &rest_key, &rest);
}

/* The record at `key` is about pages that were unmapped no earlier than at `ns`. */
static __always_inline void regions__remove_at(const struct owner *owner, struct mt_region_key *key, u64 length, u64 ns)
{
	struct mt_region gone = {.length = length, .since_ns = ns, .flags = MT_REGION_GONE};
	const struct mt_region *old = bpf_map_lookup_elem(&regions, key);
	bool whole;

	if (old && old->since_ns > ns) { /* another thread has been given the addresses, or the first of them */
		u64 taken = old->length;

		if (taken >= length)
			return;
		key->start += taken;
		gone.length = length -= taken;
		old = bpf_map_lookup_elem(&regions, key);
		if (old && old->since_ns > ns)
			return;
	}
	if (old) {
		whole = !old->flags && old->length >= length;
		regions__keep_rest(owner, key, old, length);
		if (whole) {
			bpf_map_delete_elem(&regions, key);
			return;
		}
	}
	regions__put(owner, key, &gone);
}

/* The pages from `start` on were unmapped, no earlier than at `ns`. */
static __always_inline void regions__remove(const struct owner *owner, u64 start, u64 length, u64 ns)
{
	struct mt_region_key key = {.start = start, .process = owner->id};
	bool locked;

	if (!length)
		return;
	locked = regions__lock(owner->id);
	regions__remove_at(owner, &key, length, ns);
	regions__unlock(owner->id, locked);
}

static __always_inline struct mt_mapping_site *mapping_sites__get(const struct owner *owner, u64 stack)
{
	struct mt_site_key key = {.stack = stack, .process = owner->id};
	struct mt_mapping_site fresh = {};

	if (!bpf_map_lookup_elem(&mapping_sites, &key))
		bpf_map_update_elem(&mapping_sites, &key, &fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&mapping_sites, &key);
}

/*
 * The stack's key, and its site; those of stack 0 where there is no room. The thread's own record is free for it: a
 * call of the allocator's that it is in has had its stack taken at its entry.
 */
static __always_inline u64 mappings__take_stack(const struct owner *owner, const struct pt_regs *regs,
						struct mt_mapping_site **site)
{
	u32 tid = (u32)bpf_get_current_pid_tgid();
	struct mt_thread *thread = thread__find(tid);
	u64 stack = 0;

	*site = NULL;
	if (!thread)
		thread = thread__make_spilled(tid);
	if (thread) {
		trampoline_of(owner);
		stack = stack__capture_syscall(regs, thread, tid, owner);
		stack__count_loss(owner, &thread->stack);
		if (!stack__intern(stack, &thread->stack))
			*site = mapping_sites__get(owner, stack);
	}
	if (*site)
		return stack;
	count_loss(owner->counters, MT_LOSS_SITES_FULL);
	*site = mapping_sites__get(owner, 0);
	return 0;
}

/* The pages from `start` on were mapped by the call whose registers are there. */
static __always_inline void regions__add(const struct owner *owner, const struct pt_regs *regs, u64 start, u64 length,
					 bool over)
{
	struct mt_region region = {.length = length, .flags = over ? MT_REGION_OVER : 0};
	struct mt_region_key key = {.start = start, .process = owner->id};
	struct mt_mapping_site *site;
	const struct mt_region *old;
	bool locked;
	long err;

	region.stack = mappings__take_stack(owner, regs, &site);
	if (!site) {
		count_loss(owner->counters, MT_LOSS_MAPPINGS_FULL);
		return;
	}
	locked = regions__lock(owner->id);
	old = bpf_map_lookup_elem(&regions, &key);
	if (old) {
		if (old->flags)
			region.flags = MT_REGION_OVER;
		regions__keep_rest(owner, &key, old, length);
	}
	region.since_ns = bpf_ktime_get_ns();
	err = bpf_map_update_elem(&regions, &key, &region, BPF_ANY);
	regions__unlock(owner->id, locked);
	if (err) {
		count_loss(owner->counters, MT_LOSS_MAPPINGS_FULL);
		return;
	}
	__sync_fetch_and_add(&site->alloc_bytes, length);
	__sync_fetch_and_add(&site->alloc_count, 1);
}

/* ---- the calls */

static __always_inline void mappings__mmap(const struct owner *owner, const struct pt_regs *regs, u64 start)
{
	u64 length = page_up(arch__syscall_argument(regs, 1)), flags = arch__syscall_argument(regs, 3);

	if ((flags & MAP_TYPE) == MAP_PRIVATE && flags & MAP_ANONYMOUS && !(flags & MAP_HUGETLB))
		regions__add(owner, regs, start, length, flags & MAP_FIXED);
	else if (flags & MAP_FIXED)
		regions__remove(owner, start, length, bpf_ktime_get_ns());
}

/* Like realloc: the whole of it belongs to whoever moved or grew it last. (A file's mapping is not told from others.)
 */
static __always_inline void mappings__mremap(const struct owner *owner, const struct pt_regs *regs, u64 start, u64 ns)
{
	u64 old = arch__syscall_argument(regs, 0), old_length = page_up(arch__syscall_argument(regs, 1)),
	    length = page_up(arch__syscall_argument(regs, 2));

	if (start == old && length <= old_length) {
		regions__remove(owner, start + length, old_length - length, ns);
		return;
	}
	if (!(arch__syscall_argument(regs, 3) & MREMAP_DONTUNMAP))
		regions__remove(owner, old, old_length, ns);
	regions__add(owner, regs, start, length, true);
}

/* Every growth is a range of its own. A call that fails returns the old break. */
static __always_inline void mappings__brk(const struct owner *owner, const struct pt_regs *regs, u64 now,
					  const struct mt_mapping_call *call)
{
	u64 before = page_up(call->brk), after = page_up(now);

	if (after > before)
		regions__add(owner, regs, before, after - before, true);
	else
		regions__remove(owner, after, before - after, call->entered_ns);
}

static __always_inline void mappings__leave(const struct owner *owner, const struct pt_regs *regs, u64 result)
{
	u32 tid = (u32)bpf_get_current_pid_tgid();
	const struct mt_mapping_call *call;

	if (arch__syscall(regs) == SYSCALL_MMAP) {
		mappings__mmap(owner, regs, result);
		return;
	}
	call = bpf_map_lookup_elem(&mapping_calls, &tid);
	if (!call) /* it was in the call when tracing began */
		return;
	if (arch__syscall(regs) == SYSCALL_MUNMAP)
		regions__remove(owner, arch__syscall_argument(regs, 0), page_up(arch__syscall_argument(regs, 1)),
				call->entered_ns);
	else if (arch__syscall(regs) == SYSCALL_MREMAP)
		mappings__mremap(owner, regs, result, call->entered_ns);
	else
		mappings__brk(owner, regs, result, call);
	bpf_map_delete_elem(&mapping_calls, &tid);
}

/* ---- every syscall of every process comes by here: the rest is for few of them */

static __always_inline void syscall__enter(u64 number)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	u64 ids = bpf_get_current_pid_tgid();
	struct mt_mapping_call call = {};
	u32 tid = (u32)ids;

	if (number != SYSCALL_MUNMAP && number != SYSCALL_MREMAP && number != SYSCALL_BRK)
		return;
	if (slot_of(ids >> 32) == MT_SLOT_ANY)
		return;
	call.entered_ns = bpf_ktime_get_ns();
	call.brk = BPF_CORE_READ(task, mm, brk);
	bpf_map_update_elem(&mapping_calls, &tid, &call, BPF_ANY); /* LRU: never full */
}

static __always_inline void syscall__leave(const struct pt_regs *from, u64 number, u64 result)
{
	enum { ERRORS = 4095 };
	struct pt_regs *regs;
	struct owner owner = {};
	u32 slot;

	if (number != SYSCALL_MMAP && number != SYSCALL_MUNMAP && number != SYSCALL_MREMAP && number != SYSCALL_BRK)
		return;
	slot = slot_of(bpf_get_current_pid_tgid() >> 32);
	if (slot == MT_SLOT_ANY || result >= -(u64)ERRORS || !owner__from_slot(slot, &owner))
		return;
	regs = bpf_map_lookup_elem(&mapping_registers, &zero);
	if (!regs || bpf_probe_read_kernel(regs, sizeof(*regs), from) || !arch__is_64bit(regs))
		return;
	mappings__leave(&owner, regs, result);
}

#endif
