/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * What is kept of a page, pure: one word, so that it is written and read at once. It says by which stack the page was
 * touched first, when, and if that was by reading.
 *   bits  0-26  when, in units of 2^27 ns (134 ms) since mt_session.epoch_ns: they last for 208 days
 *         27    a guess: a huge page may have been there, which whoever has the rest of the block made
 *         28    by reading: what is there is the kernel's page of zeroes until somebody writes
 *         29-63 the key of the stack in map `stacks`, or one of MT_PAGE_*
 * A word of 0 says nothing.
 */
#ifndef MEMTRAWL_PAGE_WORDS_H
#define MEMTRAWL_PAGE_WORDS_H

#include "memtrawl.h"
#include "pure.h"

enum {
	MT_PAGE_BORN_SHIFT = 27,
	MT_PAGE_BORN_BITS = 27,
	MT_PAGE_READ_BIT = 28,
	MT_PAGE_KEY_SHIFT = 29,
	/* instead of a stack's key */
	MT_PAGE_NO_STACK = 1, /* there was no room for it */
	MT_PAGE_BEFORE = 2,   /* it was there before tracing began */
	MT_PAGE_KEYS = 16,    /* keys of stacks are not below */
};

#define MT_PAGE_GUESS (1ULL << MT_PAGE_BORN_BITS)
#define MT_PAGE_READ  (1ULL << MT_PAGE_READ_BIT)

MT_INLINE __u64 mt_page_word(__u64 key, __u64 since_epoch_ns, bool read)
{
	__u64 born = since_epoch_ns >> MT_PAGE_BORN_SHIFT & ((1ULL << MT_PAGE_BORN_BITS) - 1);

	return key << MT_PAGE_KEY_SHIFT | born | (read ? MT_PAGE_READ : 0);
}

/* Was the page seen being made by whoever the word names? */
MT_INLINE bool mt_page_is_made(__u64 word)
{
	return word && !(word & (MT_PAGE_READ | MT_PAGE_GUESS));
}

MT_INLINE __u64 mt_page_key_of(__u64 word)
{
	return word >> MT_PAGE_KEY_SHIFT;
}

MT_INLINE __u64 mt_page_born_ns(__u64 word)
{
	return (word & ((1ULL << MT_PAGE_BORN_BITS) - 1)) << MT_PAGE_BORN_SHIFT;
}

/* The key for a stack's hash. Two stacks may have the same one: whoever keeps them must look. */
MT_INLINE __u64 mt_page_stack_key(__u64 hash)
{
	return hash >> MT_PAGE_KEY_SHIFT | MT_PAGE_KEYS;
}

#endif
