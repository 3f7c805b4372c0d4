/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* Whose event is it: from a probe's cookie, or by pid where the probe is shared by several processes. */
#ifndef MEMTRAWL_OWNER_BPF_H
#define MEMTRAWL_OWNER_BPF_H

#include "account.bpf.h"

/* Set before loading where the kernel has no attach cookies for uprobes: then map `probes` has them. */
const volatile bool cookies_by_address;

static __always_inline u64 probe_cookie(struct pt_regs *ctx)
{
	struct mt_probe_key key = {};
	u64 *cookie;

	if (!cookies_by_address)
		return bpf_get_attach_cookie(ctx);
	key.address = arch__pc(ctx);
	key.tgid = bpf_get_current_pid_tgid() >> 32;
	cookie = bpf_map_lookup_elem(&probes, &key);
	if (!cookie) { /* after exec the same files are elsewhere, by whole pages, and user space is yet to look */
		key.address &= MT_PROBE_PAGE - 1;
		cookie = bpf_map_lookup_elem(&probes, &key);
	}
	return cookie ? *cookie : MT_COOKIE_UNKNOWN;
}

static __always_inline bool owner__from_slot(u32 slot, struct owner *owner)
{
	owner->session = the_session();
	owner->process = bpf_map_lookup_elem(&processes, &slot);
	owner->counters = bpf_map_lookup_elem(&counters, &slot);
	if (!owner->session || !owner->process || !owner->counters)
		return false;
	owner->id = MT_PROCESS(slot, owner->process->generation);
	return owner->process->state == MT_PROCESS_LIVE;
}

static __always_inline u32 slot_of(u32 tgid)
{
	u32 *slot = bpf_map_lookup_elem(&targets, &tgid);

	return slot ? *slot : MT_SLOT_ANY;
}

static __always_inline bool owner__from_cookie(u64 cookie, struct owner *owner)
{
	u32 slot = cookie & 0xffff;

	if (slot == MT_SLOT_ANY) {
		slot = slot_of(bpf_get_current_pid_tgid() >> 32);
		if (slot == MT_SLOT_ANY) {
			struct mt_session *s = the_session();

			if (s)
				__sync_fetch_and_add(&s->bystander_hits, 1);
			return false;
		}
	}
	return owner__from_slot(slot, owner);
}

static __always_inline u32 cookie__class(u64 cookie)
{
	return cookie >> MT_COOKIE_CLASS_SHIFT & 15;
}

/* The argument whose register number stands at `shift`; false if the function has no such argument. */
static __always_inline bool cookie__argument(u64 cookie, u32 shift, const struct pt_regs *ctx, u64 *value)
{
	u32 number = cookie >> shift & 31;

	if (number == MT_REGISTER_NONE)
		return false;
	*value = arch__register(ctx, number);
	return true;
}

static __always_inline bool cookie__stepped(u64 cookie)
{
	return cookie >> MT_COOKIE_STEPPED_SHIFT & 1;
}

static __always_inline bool cookie__leaf(u64 cookie)
{
	return cookie >> MT_COOKIE_LEAF_SHIFT & 1;
}

#endif
