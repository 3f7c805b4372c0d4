/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Counts what a process obtains from the kernel and gives back (bpf/activity.h). These probes are past the system call
 * in the C library's function, where the registers still hold its arguments and already its result.
 */
#ifndef MEMTRAWL_ACTIVITY_BPF_H
#define MEMTRAWL_ACTIVITY_BPF_H

#include "mappings.bpf.h"

/*
 * What a thread reserved last, for a heap of an arena of glibc's: it reserves twice as much as it needs, cuts off what
 * is not aligned, and makes the first pages usable (malloc/arena.c, alloc_new_heap). The oldest make room.
 */
struct reserve {
	u64 start, length;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, struct reserve);
} reserves SEC(".maps");

/* Of uapi/asm-generic/mman-common.h; HEAP_MAX_SIZE of glibc's malloc/arena.c, without huge pages */
enum {
	PROT_WRITE = 2,
	MAP_NORESERVE = 0x4000,
	ARENA_HEAP_SIZE = 64 << 20,
};

static __always_inline void activity__count(struct mt_process *process, enum mt_activity kind, u64 bytes)
{
	__sync_fetch_and_add(&process->activity[kind].calls, 1);
	__sync_fetch_and_add(&process->activity[kind].bytes, bytes);
}

static __always_inline void activity__mmap(struct mt_process *process, const struct pt_regs *ctx, u32 tid)
{
	u64 length = page_up(arch__past_syscall(ctx, 1)), flags = arch__past_syscall(ctx, 3);
	struct reserve reserve = {.start = arch__result(ctx), .length = length};

	if ((flags & MAP_TYPE) != MAP_PRIVATE || !(flags & MAP_ANONYMOUS) || flags & MAP_HUGETLB)
		return;
	if (arch__past_syscall(ctx, 2) & PROT_WRITE)
		activity__count(process, MT_ACTIVITY_MMAP, length);
	else if (flags & MAP_NORESERVE && length >= ARENA_HEAP_SIZE)
		bpf_map_update_elem(&reserves, &tid, &reserve, BPF_ANY); /* LRU: never full */
}

/* Is that a part of what the thread reserved and does not use yet? */
static __always_inline bool is_reserved(u64 start, u32 tid)
{
	const struct reserve *reserve = bpf_map_lookup_elem(&reserves, &tid);

	return reserve && start >= reserve->start && start - reserve->start < reserve->length;
}

static __always_inline void activity__munmap(struct mt_process *process, const struct pt_regs *ctx, u64 start, u32 tid)
{
	if (!is_reserved(start, tid))
		activity__count(process, MT_ACTIVITY_MUNMAP, page_up(arch__past_syscall(ctx, 1)));
}

/* Is what was called by a function of glibc's? Others change between what they may write and what they may execute. */
static __always_inline bool is_called_by_libc(const struct mt_process *process, const struct pt_regs *ctx)
{
	u64 pc = arch__link(ctx);

	if (ARCH_RETURN_ADDRESS_SIZE)
		bpf_probe_read_user(&pc, sizeof(pc), (void *)arch__sp(ctx));
	return pc >= process->libc_start && pc < process->libc_limit;
}

static __always_inline void activity__mprotect(struct mt_process *process, const struct pt_regs *ctx, u64 start,
					       u32 tid)
{
	if (!(arch__past_syscall(ctx, 2) & PROT_WRITE) || !is_called_by_libc(process, ctx))
		return;
	activity__count(process, MT_ACTIVITY_MPROTECT, page_up(arch__past_syscall(ctx, 1)));
	if (start % ARENA_HEAP_SIZE || !is_reserved(start, tid))
		return;
	activity__count(process, MT_ACTIVITY_ARENA, ARENA_HEAP_SIZE);
	bpf_map_delete_elem(&reserves, &tid);
}

static __always_inline void activity__mremap(struct mt_process *process, const struct pt_regs *ctx)
{
	u64 before = page_up(arch__past_syscall(ctx, 1)), after = page_up(arch__past_syscall(ctx, 2));

	if (after > before)
		activity__count(process, MT_ACTIVITY_MREMAP, after - before);
	else if (after < before)
		activity__count(process, MT_ACTIVITY_MUNMAP, before - after);
}

static __always_inline void activity__madvise(struct mt_process *process, const struct pt_regs *ctx)
{
	u64 advice = arch__past_syscall(ctx, 2);

	if (advice == MADV_DONTNEED || advice == MADV_FREE)
		activity__count(process, MT_ACTIVITY_MADVISE, page_up(arch__past_syscall(ctx, 1)));
}

/* The result is where the break is now, also of a call that failed. */
static __always_inline void activity__brk(struct mt_process *process, u64 now)
{
	u64 before = page_up(process->brk), after = page_up(now);

	process->brk = now;
	if (!before || after == before)
		return;
	if (after > before)
		activity__count(process, MT_ACTIVITY_BRK, after - before);
	else
		activity__count(process, MT_ACTIVITY_TRIM, before - after);
}

static __always_inline void activity__call(struct pt_regs *ctx)
{
	enum { ERRORS = 4095 };
	u64 cookie = probe_cookie(ctx), start = 0, result = arch__result(ctx);
	u32 tid = (u32)bpf_get_current_pid_tgid();
	struct owner owner = {};

	if (!owner__from_cookie(cookie, &owner))
		return;
	owner.counters->free_calls++;
	if (cookie__stepped(cookie))
		owner.counters->stepped_frees++;
	if (result >= -(u64)ERRORS)
		return;
	cookie__argument(cookie, MT_COOKIE_BLOCK_SHIFT, ctx, &start);
	switch (cookie__class(cookie)) {
	case MT_CLASS_MMAP:
		activity__mmap(owner.process, ctx, tid);
		break;
	case MT_CLASS_MUNMAP:
		activity__munmap(owner.process, ctx, start, tid);
		break;
	case MT_CLASS_MPROTECT:
		activity__mprotect(owner.process, ctx, start, tid);
		break;
	case MT_CLASS_REMAP:
		activity__mremap(owner.process, ctx);
		break;
	case MT_CLASS_MADVISE:
		activity__madvise(owner.process, ctx);
		break;
	case MT_CLASS_BRK:
		activity__brk(owner.process, result);
		break;
	}
}

#endif
