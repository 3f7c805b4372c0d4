/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Allocator calls. An allocation is an entry and a return; what is between is in the thread's mt_thread. Calls inside
 * a call (malloc in realloc) belong to the outermost one. A call that never returned (longjmp, an exception through
 * an allocator's callback) is recognised by the stack: an inner call's stack pointer is below the outer one's.
 */
#ifndef MEMTRAWL_CALLS_BPF_H
#define MEMTRAWL_CALLS_BPF_H

#include "budget.bpf.h"
#include "events.bpf.h"
#include "owner.bpf.h"
#include "stack.bpf.h"
#include "threads.bpf.h"

/* What an entry tells the kernel in a session: 1 skips the return probe. */
enum { CALL_WANTS_RETURN = 0, CALL_IS_DONE = 1 };

/* Where the process's return probes lead. Made by its first one: 0 before. */
static __always_inline u64 trampoline_of(const struct owner *owner)
{
	u64 trampoline = owner->process->trampoline;

	if (!trampoline) {
		trampoline = kernel__return_trampoline();
		owner->process->trampoline = trampoline;
	}
	return trampoline;
}

/* The call that the thread was in will not return any more. What went into it is gone from the books too. */
static __always_inline void thread__abandon_call(const struct owner *owner, struct mt_thread *thread)
{
	count_loss(owner->counters, MT_LOSS_MISSED_RETURN);
	if (thread->mode & MT_THREAD_HAS_OLD && thread->process == owner->id)
		account__retire(owner, &thread->old);
	thread->mode = 0;
}

static __always_inline bool is_trampoline(const struct owner *owner, u64 address)
{
	u64 pc = 0;

	if (!ARCH_RETURN_ADDRESS_SIZE) /* it was in a register: the kernel knows of calls that have not returned */
		return kernel__replaced_return(address);
	bpf_probe_read_user(&pc, sizeof(pc), (void *)address);
	return pc && pc == trampoline_of(owner);
}

/*
 * Is a call at stack pointer `sp` made from inside the thread's current one? Where that one's return address was, the
 * return probe's trampoline stands as long as it has not returned: if something else does, it was left by longjmp or
 * an exception, and its stack used again. With the same stack pointer it is a tail call (malloc jumping to the
 * function that does the work).
 */
static __always_inline bool thread__is_inside(const struct owner *owner, const struct mt_thread *thread, u64 sp)
{
	if (!(thread->mode & MT_THREAD_BUSY) || thread->process != owner->id || sp > thread->sp)
		return false;
	return is_trampoline(owner, thread->sp);
}

/*
 * Arithmetic that has many ways through it: as global functions, of numbers, the verifier looks at each once, and not
 * once for every way that leads to it and from it.
 */

__noinline u64 sampling__pressed_period(u64 entries, u64 capacity, u64 base)
{
	return mt_sampling_pressed_period(entries, capacity, base);
}

enum { SAMPLED = 1ULL << 32 }; /* the chance is below it */

__noinline u64 sampling__draw(u64 size, u64 period, u32 random)
{
	u32 chance = 0;

	return mt_sampling_draw(size, period, random, &chance) ? SAMPLED | chance : chance;
}

/* A product that overflows is larger than anything that can be allocated. */
__noinline u64 size__product(u64 size, u64 count)
{
	if (count >> 32 || size >> 32)
		return count && size ? ~0ULL : 0;
	return size * count;
}

/* The sampling period in force: the one that was asked for, or a longer one while the live table is filling up. */
static __always_inline u64 period_in_force(const struct owner *owner)
{
	struct mt_session *s = owner->session;
	u64 period = s->period, entries = s->live_entries, pressed;

	if (entries <= s->live_capacity / 2)
		return period;
	if (!s->pressed_base) {
		u64 bytes = owner->process->live_bytes / entries;

		s->pressed_base = bytes ? bytes : 1;
		s->pressed_ns = now_ns(owner->counters);
	}
	pressed = sampling__pressed_period(entries, s->live_capacity, s->pressed_base);
	if (pressed > s->pressed_period)
		s->pressed_period = pressed;
	return pressed > period ? pressed : period;
}

/* Bytes that the call asks for. */
static __always_inline u64 call__size(u64 cookie, const struct pt_regs *ctx)
{
	u64 size = 0, count;

	cookie__argument(cookie, MT_COOKIE_SIZE_SHIFT, ctx, &size);
	if (cookie__argument(cookie, MT_COOKIE_COUNT_SHIFT, ctx, &count))
		return size__product(size, count);
	return size;
}

/* Takes the block that a realloc was given out of the table: its address may be someone else's before it returns. */
static __always_inline void call__take_old(const struct owner *owner, struct mt_thread *thread, u64 cookie,
					   const struct pt_regs *ctx)
{
	u64 address = 0;

	cookie__argument(cookie, MT_COOKIE_BLOCK_SHIFT, ctx, &address);
	if (!address)
		return;
	thread->old_address = address;
	if (account__take(owner, address, &thread->old))
		thread->mode |= MT_THREAD_HAS_OLD;
	else
		thread->mode |= MT_THREAD_UNMATCHED;
}

/* A stack led to code that is not known: user space is to look what is mapped. */
static __always_inline void call__tell_unmapped(const struct owner *owner, const struct mt_stack *stack)
{
	if (stack->end != MT_END_NO_MAPPING || owner->process->unmapped)
		return;
	owner->process->unmapped = 1;
	send_event(owner, MT_EVENT_UNMAPPED, 0, 0);
}

static __always_inline void call__take_stack(const struct owner *owner, struct mt_thread *thread, u32 tid,
					     const struct pt_regs *ctx)
{
	u64 key;

	trampoline_of(owner);
	key = stack__capture(ctx, thread, tid, owner);

	stack__count_loss(owner, &thread->stack);
	call__tell_unmapped(owner, &thread->stack);
	if (key == thread->stack_key && owner->id == thread->stack_process)
		return; /* the same as last time: threads tend to repeat themselves */
	thread->stack_process = owner->id;
	if (!account__find_site(owner, key)) {
		if (!account__find_site(owner, 0))
			account__make_site(owner, 0); /* while there is room: for what will have none */
		if (stack__intern(key, &thread->stack) || !account__make_site(owner, key)) {
			count_loss(owner->counters, MT_LOSS_SITES_FULL);
			key = 0;
		}
	}
	thread->stack_key = key;
}

static __always_inline bool call__is_sampled(u64 size, u64 period, u32 *chance)
{
	u64 draw = period ? sampling__draw(size, period, bpf_get_prandom_u32()) : SAMPLED;

	*chance = (u32)draw;
	return draw >= SAMPLED;
}

static __always_inline int call__enter(struct pt_regs *ctx, bool hashed)
{
	u64 cookie = probe_cookie(ctx), size;
	struct owner owner = {.hashed = hashed};
	struct mt_thread *thread;
	u32 class = cookie__class(cookie), tid = (u32)bpf_get_current_pid_tgid(), chance = 0;
	bool record;

	if (!owner__from_cookie(cookie, &owner))
		return CALL_IS_DONE;
	owner.counters->alloc_calls++;
	budget__watch(&owner);
	if (cookie__stepped(cookie))
		owner.counters->stepped_allocs++;
	thread = thread__get(hashed, tid);
	if (thread && thread->mode & MT_THREAD_BUSY) {
		if (thread__is_inside(&owner, thread, arch__sp(ctx)))
			return CALL_IS_DONE;
		thread__abandon_call(&owner, thread);
	}
	size = call__size(cookie, ctx);
	record = !owner.session->paused && call__is_sampled(size, period_in_force(&owner), &chance);
	if (!record) {
		count_loss(owner.counters, MT_LOSS_SAMPLED_AWAY);
		if (cookie__leaf(cookie))
			return CALL_IS_DONE;
	}
	if (!thread) {
		thread = thread__make(hashed, tid);
		if (!thread) {
			count_loss(owner.counters, MT_LOSS_THREADS_FULL);
			return CALL_IS_DONE;
		}
	}
	thread->sp = arch__sp(ctx);
	thread->size = size;
	thread->process = owner.id;
	thread->class = class;
	thread->chance = chance;
	thread->mode = MT_THREAD_BUSY | (record ? MT_THREAD_RECORD : 0);
	if (class == MT_CLASS_REALLOC)
		call__take_old(&owner, thread, cookie, ctx);
	else if (class == MT_CLASS_OUT)
		cookie__argument(cookie, MT_COOKIE_BLOCK_SHIFT, ctx, &thread->out);
	if (record) {
		thread->objects = chance ? mt_sampling_objects(chance, bpf_get_prandom_u32()) : 1;
		call__take_stack(&owner, thread, tid, ctx);
	}
	return CALL_WANTS_RETURN;
}

/* What the call has done with the block that went into it: gone if it succeeded, or if it was shrunk to nothing. */
static __always_inline void call__settle_old(const struct owner *owner, struct mt_thread *thread, bool gone)
{
	if (!gone) {
		if (thread->mode & MT_THREAD_HAS_OLD)
			account__put(owner, thread->old_address, &thread->old);
		return;
	}
	if (thread->mode & MT_THREAD_HAS_OLD)
		account__retire(owner, &thread->old);
	else if (thread->mode & MT_THREAD_UNMATCHED && !owner->session->period)
		count_loss(owner->counters, MT_LOSS_FREE_UNMATCHED);
}

static __always_inline u64 call__result(const struct pt_regs *ctx, const struct mt_thread *thread)
{
	u64 address = arch__result(ctx);

	if (thread->class == MT_CLASS_OUT) {
		if ((u32)address) /* an errno */
			return 0;
		address = 0;
		bpf_probe_read_user(&address, sizeof(address), (void *)thread->out);
	}
	return address;
}

static __always_inline void call__leave(struct pt_regs *ctx, bool hashed)
{
	struct mt_thread *thread = thread__get(hashed, (u32)bpf_get_current_pid_tgid());
	struct owner owner = {.hashed = hashed};
	struct mt_live block = {};
	u64 address;
	u32 mode;

	if (!thread || !(thread->mode & MT_THREAD_BUSY) || arch__sp(ctx) != thread->sp + ARCH_RETURN_ADDRESS_SIZE)
		return;
	mode = thread->mode;
	if (!owner__from_slot(MT_PROCESS_SLOT(thread->process), &owner) || owner.id != thread->process) {
		thread->mode = 0;
		return;
	}
	owner.counters->returns++;
	address = call__result(ctx, thread);
	if (thread->class == MT_CLASS_REALLOC)
		call__settle_old(&owner, thread, address || !thread->size);
	if (!address) {
		owner.counters->alloc_failed++;
	} else if (mode & MT_THREAD_RECORD) {
		block.stack = thread->stack_key;
		block.size = thread->size;
		block.chance = thread->chance;
		block.objects = thread->objects;
		account__record(&owner, address, &block);
	}
	thread->last_address = address;
	thread->mode = 0;
}

/*
 * A free that matches nothing is one of a block from before tracing, unless it is an allocator's call of its own: from
 * inside an allocation, from one free function to another, or from glibc, which passes what is in a thread's cache
 * through free a second time when the thread ends (tcache_thread_shutdown).
 */
static __always_inline void call__count_unmatched(const struct owner *owner, u64 address, const struct pt_regs *ctx)
{
	const struct mt_process *process = owner->process;
	struct mt_thread *thread;
	u64 pc = arch__link(ctx);

	if (owner->session->period || owner->session->pressed_period || owner->counters->last_freed == address)
		return;
	if (ARCH_RETURN_ADDRESS_SIZE)
		bpf_probe_read_user(&pc, sizeof(pc), (void *)arch__sp(ctx));
	if (pc >= process->libc_start && pc < process->libc_limit)
		return;
	thread = thread__get(owner->hashed, (u32)bpf_get_current_pid_tgid());
	if (!thread || !thread__is_inside(owner, thread, arch__sp(ctx)))
		count_loss(owner->counters, MT_LOSS_FREE_UNMATCHED);
}

static __always_inline void call__free(struct pt_regs *ctx, bool hashed)
{
	u64 cookie = probe_cookie(ctx), address = 0;
	struct owner owner = {.hashed = hashed};
	struct mt_thread *thread;
	struct mt_live block;
	struct mt_site *site;

	if (!owner__from_cookie(cookie, &owner))
		return;
	owner.counters->free_calls++;
	if (cookie__stepped(cookie))
		owner.counters->stepped_frees++;
	cookie__argument(cookie, MT_COOKIE_BLOCK_SHIFT, ctx, &address);
	if (!address)
		return;
	if (!account__take(&owner, address, &block)) {
		call__count_unmatched(&owner, address, ctx);
		return;
	}
	owner.counters->last_freed = address;
	site = account__retire(&owner, &block);
	if (!owner.session->count_details || !site)
		return;
	thread = thread__get(hashed, (u32)bpf_get_current_pid_tgid());
	if (thread && thread->last_address == address)
		__sync_fetch_and_add(&site->temporary_objects, block.objects);
}

/*
 * longjmp: where will the stack pointer be? In glibc's and musl's jmp_buf for x86-64 it is word 6; glibc rotates it
 * and xors it with the pointer guard of the thread control block (PTR_MANGLE, at %fs:0x30). On arm64 it is word 13, and
 * glibc's pointer guard is a variable of the loader's: such a jump is taken for none, and the next call finds out.
 */
static __always_inline u64 jump__target_sp(u64 env, u64 sp)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	u64 fsbase = BPF_CORE_READ(task, thread.fsbase), word = 0, guard = 0;

	bpf_probe_read_user(&word, sizeof(word), (void *)(env + ARCH_JUMP_SP * sizeof(u64)));
	if (word >= sp && word - sp < FRAME_SIZE_MAX)
		return word;
	if (!ARCH_JUMP_IS_MANGLED_BY_THREAD)
		return 0;
	bpf_probe_read_user(&guard, sizeof(guard), (void *)(fsbase + 0x30));
	return (word >> 17 | word << 47) ^ guard;
}

/* A jump over the call that the thread is in: it will not return. */
static __always_inline void call__jump(struct pt_regs *ctx)
{
	struct mt_thread *thread = thread__find((u32)bpf_get_current_pid_tgid());
	u64 cookie = probe_cookie(ctx), env = 0;
	struct owner owner = {};

	if (!thread || !(thread->mode & MT_THREAD_BUSY) || !owner__from_cookie(cookie, &owner) ||
	    thread->process != owner.id)
		return;
	cookie__argument(cookie, MT_COOKIE_BLOCK_SHIFT, ctx, &env);
	if (jump__target_sp(env, arch__sp(ctx)) > thread->sp)
		thread__abandon_call(&owner, thread);
}

#endif
