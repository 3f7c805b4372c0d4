/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * One bucket of the live table, pure: compiled into the BPF programs and into user space, where it is unit-tested.
 *
 * The kernel's hash maps cost some 75 ns an insertion or deletion, which is a sixth of what a traced call costs; a
 * bucket costs a tenth of that, and half the memory. Claims are made on the address: whoever exchanges it for
 * MT_ADDRESS_CLAIMED owns the place until it stores another one. So a place is written, or taken, by one at a time, a
 * claim that is preempted keeps others from that place only, and nobody waits for anybody.
 */
#ifndef MEMTRAWL_BUCKETS_H
#define MEMTRAWL_BUCKETS_H

#include "memtrawl.h"
#include "pure.h"

/* Instead of an address. */
#define MT_ADDRESS_NONE    0ULL
#define MT_ADDRESS_CLAIMED (~0ULL)

/*
 * Which of `count` buckets a block may be in: `choice` 0 is its own. Addresses are regular, and one multiplication
 * would leave them so.
 */
MT_INLINE __u32 mt_bucket_place(__u64 address, __u32 process, __u32 choice, __u32 count)
{
	/* the constants are splitmix64's */
	__u64 hash = (address ^ (__u64)process << 40 ^ (__u64)choice << 60) * 0xbf58476d1ce4e5b9ULL;

	hash = (hash ^ hash >> 32) * 0x94d049bb133111ebULL;
	return (hash >> 32) * count >> 32;
}

MT_INLINE bool mt_bucket_claim(struct mt_bucket *bucket, int i, __u64 address)
{
	return __sync_val_compare_and_swap(&bucket->address[i], address, MT_ADDRESS_CLAIMED) == address;
}

/*
 * What was written before is seen by whoever sees the address: x86 keeps stores in order, and so must the compiler.
 * Other machines do not: there it is an exchange, which is ordered (programs have no other store that is, before 6.15).
 */
MT_INLINE void mt_bucket_release(struct mt_bucket *bucket, int i, __u64 address)
{
#if !defined(__x86_64__) && !defined(__TARGET_ARCH_x86)
	__sync_lock_test_and_set(&bucket->address[i], address);
	return;
#endif
	__asm__ volatile("" : : : "memory");
	*(volatile __u64 *)&bucket->address[i] = address;
}

MT_INLINE bool mt_bucket_holds(const struct mt_bucket *bucket, __u64 address, __u32 process)
{
	MT_UNROLL
	for (int i = 0; i < MT_BUCKET_BLOCKS; i++)
		if (bucket->address[i] == address && bucket->block[i].process == process)
			return true;
	return false;
}

/* False if the bucket is full. `block->process` is set. */
MT_INLINE bool mt_bucket_put(struct mt_bucket *bucket, __u64 address, const struct mt_live *block)
{
	MT_UNROLL
	for (int i = 0; i < MT_BUCKET_BLOCKS; i++) {
		if (bucket->address[i] != MT_ADDRESS_NONE || !mt_bucket_claim(bucket, i, MT_ADDRESS_NONE))
			continue;
		bucket->block[i] = *block;
		mt_bucket_release(bucket, i, address);
		return true;
	}
	return false;
}

/* Takes a block out, into *block. False if it is not there. */
MT_INLINE bool mt_bucket_take(struct mt_bucket *bucket, __u64 address, __u32 process, struct mt_live *block)
{
	MT_UNROLL
	for (int i = 0; i < MT_BUCKET_BLOCKS; i++) {
		if (bucket->address[i] != address || bucket->block[i].process != process ||
		    !mt_bucket_claim(bucket, i, address))
			continue;
		if (bucket->block[i].process != process) { /* taken, and put by another one, meanwhile */
			mt_bucket_release(bucket, i, address);
			continue;
		}
		*block = bucket->block[i];
		mt_bucket_release(bucket, i, MT_ADDRESS_NONE);
		return true;
	}
	return false;
}

/* The buckets that hold `blocks` at two thirds full: enough that one of a block's has room (tests/unit). */
MT_INLINE __u32 mt_bucket_count(__u32 blocks)
{
	return (__u32)((__u64)blocks * 3 / 2 / MT_BUCKET_BLOCKS) + MT_BUCKET_CHOICES;
}

#endif
