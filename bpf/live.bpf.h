/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The live table: which blocks are tracked, by process and address. In buckets, or in one of the kernel's hash maps. */
#ifndef MEMTRAWL_LIVE_BPF_H
#define MEMTRAWL_LIVE_BPF_H

#include "maps.bpf.h"

#include "buckets.h"

/* How many there are: set before loading. */
const volatile __u32 bucket_count = MT_LIVE_DEFAULT / MT_BUCKET_BLOCKS;

enum { EEXIST = 17, ENOSPC = 28 };

static __always_inline struct mt_bucket *bucket_of(u64 address, u32 process, u32 choice)
{
	u32 index = mt_bucket_place(address, process, choice, bucket_count);

	return bpf_map_lookup_elem(&buckets, &index);
}

/*
 * Blocks whose own bucket is full are in one of their others. These are global functions, which the verifier looks at
 * once and not once for every way that leads to them.
 */

__noinline long bucket__put(u64 address, u32 choice, const struct mt_live *block)
{
	struct mt_bucket *bucket;

	if (!block)
		return 0;
	bucket = bucket_of(address, block->process, choice);
	return bucket && mt_bucket_put(bucket, address, block);
}

__noinline long bucket__take(u64 address, u32 process, u32 choice, struct mt_live *block)
{
	struct mt_bucket *bucket;

	if (!block)
		return 0;
	bucket = bucket_of(address, process, choice);
	return bucket && mt_bucket_take(bucket, address, process, block);
}

__noinline long bucket__holds(u64 address, u32 process, u32 choice)
{
	struct mt_bucket *bucket = bucket_of(address, process, choice);

	return bucket && mt_bucket_holds(bucket, address, process);
}

__noinline long spilled__put(u64 address, const struct mt_live *block)
{
	struct mt_bucket *own;

	if (!block)
		return -ENOSPC;
	own = bucket_of(address, block->process, 0);
	if (!own)
		return -ENOSPC;
	__sync_fetch_and_add(&own->spilled, 1);
	for (u32 choice = 1; choice < MT_BUCKET_CHOICES; choice++)
		if (bucket__put(address, choice, block))
			return 0;
	__sync_fetch_and_add(&own->spilled, -1);
	return -ENOSPC;
}

__noinline long spilled__holds(u64 address, u32 process)
{
	for (u32 choice = 1; choice < MT_BUCKET_CHOICES; choice++)
		if (bucket__holds(address, process, choice))
			return 1;
	return 0;
}

__noinline long spilled__take(u64 address, u32 process, struct mt_live *block)
{
	struct mt_bucket *own = bucket_of(address, process, 0);

	for (u32 choice = 1; own && block && choice < MT_BUCKET_CHOICES; choice++) {
		if (!bucket__take(address, process, choice, block))
			continue;
		__sync_fetch_and_add(&own->spilled, -1);
		return 1;
	}
	return 0;
}

__noinline long bucketed__take(u64 address, u32 process, struct mt_live *block)
{
	struct mt_bucket *own = bucket_of(address, process, 0);

	if (!own || !block)
		return 0;
	if (mt_bucket_take(own, address, process, block))
		return 1;
	return own->spilled && spilled__take(address, process, block);
}

__noinline long bucketed__put(u64 address, const struct mt_live *block)
{
	struct mt_bucket *own;

	if (!block)
		return -ENOSPC;
	own = bucket_of(address, block->process, 0);
	if (!own)
		return -ENOSPC;
	if (mt_bucket_holds(own, address, block->process))
		return -EEXIST;
	if (own->spilled && spilled__holds(address, block->process))
		return -EEXIST;
	return mt_bucket_put(own, address, block) ? 0 : spilled__put(address, block);
}

static __always_inline bool hashed__take(u64 address, u32 process, struct mt_live *block)
{
	struct mt_live_key key = {.address = address, .process = process};
	struct mt_live *found = bpf_map_lookup_elem(&live, &key);

	if (!found)
		return false;
	*block = *found;
	return !bpf_map_delete_elem(&live, &key);
}

static __always_inline long hashed__put(u64 address, const struct mt_live *block)
{
	struct mt_live_key key = {.address = address, .process = block->process};

	return bpf_map_update_elem(&live, &key, block, BPF_NOEXIST);
}

/* Takes the block out of the table, into *block. False if it was not there (or another thread was faster). */
static __always_inline bool live__take(bool hashed, u64 address, u32 process, struct mt_live *block)
{
	return hashed ? hashed__take(address, process, block) : bucketed__take(address, process, block);
}

/* Puts it in. -EEXIST if there is one at its address, another negative number if there is no room. */
static __always_inline long live__put(bool hashed, u64 address, const struct mt_live *block)
{
	return hashed ? hashed__put(address, block) : bucketed__put(address, block);
}

#endif
