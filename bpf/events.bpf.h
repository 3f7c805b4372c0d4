/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What user space is told at once. */
#ifndef MEMTRAWL_EVENTS_BPF_H
#define MEMTRAWL_EVENTS_BPF_H

#include "account.bpf.h"

static __always_inline void send_event(const struct owner *owner, u32 kind, u32 parent, s32 exit_code)
{
	struct mt_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		count_loss(owner->counters, MT_LOSS_EVENTS_DROPPED);
		return;
	}
	event->kind = kind;
	event->process = owner->id;
	event->tgid = owner->process->tgid;
	event->parent = parent;
	event->ns = bpf_ktime_get_ns();
	event->exit_code = exit_code;
	event->reserved = 0;
	bpf_ringbuf_submit(event, 0);
}

#endif
