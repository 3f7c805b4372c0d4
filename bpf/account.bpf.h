/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The books: what is live, at which site, and what each site held at the peak.
 *
 * The peak costs O(1) a call. A process has a peak epoch, which advances whenever its live bytes exceed their old
 * peak. A site remembers the epoch at which it last noted its bytes; one whose epoch is behind the process's notes
 * its live bytes as its bytes at the peak before it changes them. At read time, a site still behind has its live
 * bytes. All sums are atomic adds without fetching, which every kernel from 5.10 on can do.
 */
#ifndef MEMTRAWL_ACCOUNT_BPF_H
#define MEMTRAWL_ACCOUNT_BPF_H

#include "live.bpf.h"

#include "sampling.h"

enum { IN_BUCKETS = false, IN_HASH_MAPS = true };

/* Who an event belongs to. */
struct owner {
	struct mt_session *session;
	struct mt_process *process;
	struct mt_counters *counters;
	u32 id;      /* MT_PROCESS */
	bool hashed; /* tables are the kernel's hash maps: known when the program is compiled */
};

static __always_inline struct mt_site *account__find_site(const struct owner *owner, u64 stack)
{
	struct mt_site_key key = {.stack = stack, .process = owner->id};

	return bpf_map_lookup_elem(&sites, &key);
}

/* The site, made if it is new. Where the table is full, the site of stack 0; NULL if even that cannot be made. */
static __always_inline struct mt_site *account__make_site(const struct owner *owner, u64 stack)
{
	struct mt_site_key key = {.stack = stack, .process = owner->id};
	struct mt_site fresh = {};

	bpf_map_update_elem(&sites, &key, &fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&sites, &key);
}

static __always_inline void account__note_peak(const struct mt_process *process, struct mt_site *site)
{
	u64 epoch = process->peak_epoch;

	if (site->peak_epoch != epoch) {
		site->peak_bytes = site->alloc_bytes - site->free_bytes;
		site->peak_epoch = epoch;
	}
}

/* Another CPU may have stored a lower peak after a higher one: look again, a bounded number of times. */
static __always_inline void account__raise_peak(struct mt_process *process, u64 now_ns)
{
	for (int i = 0; i < 4; i++) {
		u64 now = *(volatile u64 *)&process->live_bytes;

		if ((s64)now < 0 || now <= *(volatile u64 *)&process->peak_bytes)
			return;
		*(volatile u64 *)&process->peak_bytes = now;
		process->peak_ns = now_ns;
		__sync_fetch_and_add(&process->peak_epoch, 1);
	}
}

static __always_inline u32 size_bucket(u64 size)
{
	u32 bucket = 0;

	if (size >> 32) {
		bucket += 32;
		size >>= 32;
	}
	if (size >> 16) {
		bucket += 16;
		size >>= 16;
	}
	if (size >> 8) {
		bucket += 8;
		size >>= 8;
	}
	if (size >> 4) {
		bucket += 4;
		size >>= 4;
	}
	if (size >> 2) {
		bucket += 2;
		size >>= 2;
	}
	bucket += size >> 1;
	return bucket < MT_SIZE_BUCKETS ? bucket : MT_SIZE_BUCKETS - 1;
}

/* A tracked block has gone: its site's and its process's live bytes shrink. */
static __always_inline struct mt_site *account__retire(const struct owner *owner, const struct mt_live *block)
{
	u64 bytes = mt_sampling_bytes(block->size, block->chance);
	struct mt_site *site = account__find_site(owner, block->stack);

	if (!site)
		return NULL;
	account__note_peak(owner->process, site);
	__sync_fetch_and_add(&site->free_bytes, bytes);
	__sync_fetch_and_add(&site->free_objects, block->objects);
	if (block->chance)
		__sync_fetch_and_add(&site->live_variance, -mt_sampling_variance(block->size, block->chance));
	__sync_fetch_and_add(&owner->process->live_bytes, -bytes);
	return site;
}

/* Takes the block out of the live table, into *block. False if it was not there (or another thread was faster). */
static __always_inline bool account__take(const struct owner *owner, u64 address, struct mt_live *block)
{
	if (!live__take(owner->hashed, address, owner->id, block))
		return false;
	__sync_fetch_and_add(&owner->session->live_entries, -1);
	return true;
}

/* Puts a block into the live table. An older block at its address has gone unseen and is retired first. */
static __always_inline bool account__put(const struct owner *owner, u64 address, const struct mt_live *block)
{
	struct mt_live stale;
	long err = live__put(owner->hashed, address, block);

	if (err == -EEXIST) {
		count_loss(owner->counters, MT_LOSS_FREE_MISSED);
		if (account__take(owner, address, &stale))
			account__retire(owner, &stale);
		err = live__put(owner->hashed, address, block);
	}
	if (err) {
		count_loss(owner->counters, MT_LOSS_TABLE_FULL);
		return false;
	}
	__sync_fetch_and_add(&owner->session->live_entries, 1);
	return true;
}

/* A block has been allocated: into the live table, and into the books of its site and process. */
static __always_inline void account__record(const struct owner *owner, u64 address, struct mt_live *block)
{
	struct mt_process *process = owner->process;
	struct mt_site *site = account__find_site(owner, block->stack);
	u64 bytes = mt_sampling_bytes(block->size, block->chance), now = now_ns(owner->counters);

	block->process = owner->id;
	block->born = (u32)(now >> MT_BORN_SHIFT);
	if (!site) { /* stack 0: no room for a site or a stack */
		block->stack = 0;
		site = account__make_site(owner, 0);
	}
	if (!site) {
		count_loss(owner->counters, MT_LOSS_TABLE_FULL);
		return;
	}
	if (!account__put(owner, address, block))
		return;
	account__note_peak(process, site);
	__sync_fetch_and_add(&site->alloc_bytes, bytes);
	__sync_fetch_and_add(&site->alloc_objects, block->objects);
	if (block->chance)
		__sync_fetch_and_add(&site->live_variance, mt_sampling_variance(block->size, block->chance));
	__sync_fetch_and_add(&process->live_bytes, bytes);
	account__raise_peak(process, now);
	if (owner->session->count_details)
		__sync_fetch_and_add(&owner->counters->size_objects[size_bucket(block->size)], block->objects);
}

#endif
