/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What becomes of the followed processes: fork, exec, exit, thread exit, and new libraries. */
#ifndef MEMTRAWL_LIFECYCLE_BPF_H
#define MEMTRAWL_LIFECYCLE_BPF_H

#include "calls.bpf.h"

/* The owner that a process event is about, whatever its state; false if it is not followed. */
static __always_inline bool owner__of_task(const struct task_struct *task, struct owner *owner)
{
	u32 slot = slot_of(BPF_CORE_READ(task, tgid));

	if (slot == MT_SLOT_ANY)
		return false;
	owner__from_slot(slot, owner);
	return owner->session && owner->process && owner->counters;
}

static __always_inline void begin_image(struct mt_process *process)
{
	process->live_bytes = 0;
	process->peak_bytes = 0;
	process->peak_epoch = 0;
	process->peak_ns = 0;
	process->until_ns = 0;
	process->trampoline = 0;
	process->mappings = 0;
	process->era = 0;
	process->unmapped = 0;
	process->brk = 0;
	process->watches = 0;
	__builtin_memset(process->activity, 0, sizeof(process->activity));
	process->loads_seen = process->loads;
	process->libc_start = process->libc_limit = 0;
	process->since_ns = bpf_ktime_get_ns();
	process->state = MT_PROCESS_LIVE;
}

/* `old_pid` is the thread that called exec; it has its leader's id by now. The old image's books are closed and kept
 * under its number; the new one starts empty. */
static __always_inline void lifecycle__exec(const struct task_struct *task, u32 old_pid)
{
	struct owner owner = {};

	if (!owner__of_task(task, &owner))
		return;
	if (owner.process->state == MT_PROCESS_LIVE) {
		owner.process->until_ns = bpf_ktime_get_ns();
		owner.process->state = MT_PROCESS_EXITED;
		bpf_map_update_elem(&ended, &owner.id, owner.process, BPF_ANY);
		owner.process->generation++;
		owner.id = MT_PROCESS(MT_PROCESS_SLOT(owner.id), owner.process->generation);
	}
	begin_image(owner.process);
	send_event(&owner, MT_EVENT_EXEC, 0, old_pid != (u32)BPF_CORE_READ(task, pid));
}

static __always_inline void lifecycle__exit(const struct task_struct *task)
{
	u32 tid = BPF_CORE_READ(task, pid);
	struct mt_thread *thread;
	struct owner owner = {};

	if (!owner__of_task(task, &owner))
		return;
	thread = thread__find(tid);
	if (thread) {
		if (thread->mode & MT_THREAD_BUSY)
			thread__abandon_call(&owner, thread);
		thread__remove(tid);
	}
	if (BPF_CORE_READ(task, signal, live.counter) || owner.process->state == MT_PROCESS_EXITED)
		return;
	owner.process->until_ns = bpf_ktime_get_ns();
	owner.process->exit_code = BPF_CORE_READ(task, exit_code);
	owner.process->state = MT_PROCESS_EXITED;
	tid = BPF_CORE_READ(task, tgid);
	bpf_map_delete_elem(&targets, &tid);
	send_event(&owner, MT_EVENT_EXIT, 0, owner.process->exit_code);
}

/*
 * At the entry of _Exit: all destructors have run, and its memory is still there. A child of vfork() comes by as well.
 * Who asked for it lets it go on (SIGCONT).
 */
static __always_inline void lifecycle__hold(void)
{
	enum { STOP = 19 }; /* SIGSTOP of x86-64 and arm64 (uapi/asm-generic/signal.h) */
	u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct mt_session *s = the_session();

	if (!s || s->hold != tgid || s->held)
		return;
	s->held = 1;
	bpf_send_signal(STOP);
}

/* A forked child starts with empty books: what it inherited is its parent's. */
static __always_inline void lifecycle__fork(const struct task_struct *parent, const struct task_struct *child)
{
	u32 tgid = BPF_CORE_READ(child, tgid), slot;
	struct owner owner = {};
	u32 parent_id;
	u64 mappings, brk, watches;
	u32 era;

	if (tgid == (u32)BPF_CORE_READ(parent, tgid) || !owner__of_task(parent, &owner))
		return;
	if (owner.process->state != MT_PROCESS_LIVE)
		return;
	if (!owner.session->follow_forks || bpf_map_pop_elem(&free_slots, &slot)) {
		count_loss(owner.counters, MT_LOSS_FORK_UNTRACKED);
		return;
	}
	parent_id = owner.id;
	brk = owner.process->brk;
	watches = owner.process->watches;
	mappings = owner.process->mappings;
	era = owner.process->era;
	owner__from_slot(slot, &owner);
	if (!owner.process || !owner.counters)
		return;
	begin_image(owner.process);
	owner.process->tgid = tgid;
	owner.process->start_ns = BPF_CORE_READ(child, start_boottime);
	owner.process->parent = MT_PROCESS_SLOT(parent_id) + 1;
	owner.process->mappings = mappings; /* its code is where its parent's is */
	owner.process->brk = brk;
	owner.process->watches = watches;
	owner.process->era = era;
	owner.id = MT_PROCESS(slot, owner.process->generation);
	bpf_map_update_elem(&targets, &tgid, &slot, BPF_ANY);
	send_event(&owner, MT_EVENT_FORK, parent_id, 0);
}

/*
 * The loader calls the probed function before it changes mappings, and when it has changed them. Code of a library runs
 * only after the second call: from then on, stacks are by what was known before, until user space has looked.
 */
static __always_inline void lifecycle__loader(struct pt_regs *ctx)
{
	struct owner owner = {};

	if (!owner__from_cookie(probe_cookie(ctx), &owner))
		return;
	__sync_fetch_and_add(&owner.process->loads, 1);
	send_event(&owner, MT_EVENT_LOADER, 0, 0);
}

#endif
