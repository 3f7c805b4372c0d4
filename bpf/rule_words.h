/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Rules in few bits, as a walk is as fast as it gets from an address to its rule, which it does in every frame: numbers
 * that say the rule themselves, and the words of map `unwind_cache`.
 */
#ifndef MEMTRAWL_RULE_WORDS_H
#define MEMTRAWL_RULE_WORDS_H

#include "unwind.h"

/* Numbers of rules: [0, MT_RULE_CODED) are in map `unwind_rules`, and common ones are from there to MT_RULES_MAX. */
enum {
	MT_RULE_NONE,   /* nothing is known */
	MT_RULE_BOTTOM, /* nothing is known of the code before a return address, but of that behind it: nobody called */
	MT_RULE_END,    /* MT_CFA_END */
	MT_RULE_FIRST,  /* others */

	MT_RULE_CODED = MT_RULES_LISTED,
	MT_RULE_BY_RBP = 1 << 12,
	MT_RULE_RBP_SHIFT = 9,
	MT_RULE_RBP_MASK = 7,
	MT_RULE_WORDS_MASK = (1 << MT_RULE_RBP_SHIFT) - 1,
};

/*
 * Common are those with the CFA up to 511 words above rsp (or, with MT_RULE_BY_RBP, rbp), and the caller's rbp in rbp
 * (0) or in one of the words 2 to 8 below the CFA (1 to 7).
 */
MT_INLINE __u64 mt_rule_cfa_offset(__u32 number)
{
	return (__u64)(number & MT_RULE_WORDS_MASK) << 3;
}

/* MT_RBP_SAME: 0; MT_RBP_AT_CFA: how far below the CFA. */
MT_INLINE __u64 mt_rule_rbp_below(__u32 number)
{
	__u64 place = number >> MT_RULE_RBP_SHIFT & MT_RULE_RBP_MASK;

	return place ? (place + 1) << 3 : 0;
}

/* The number that says the rule; 0 if none does. */
MT_INLINE __u32 mt_rule_code(const struct mt_unwind_rule *rule)
{
	__u32 words = (__u32)rule->cfa_offset >> 3, below = (__u32)-rule->rbp_offset, place = 0;

	if ((rule->cfa != MT_CFA_RSP && rule->cfa != MT_CFA_RBP) || rule->cfa_offset & 7 || words > MT_RULE_WORDS_MASK)
		return 0;
	if (rule->rbp == MT_RBP_AT_CFA) {
		if (below & 7 || below < 16 || below > 64)
			return 0;
		place = (below >> 3) - 1;
	} else if (rule->rbp != MT_RBP_SAME || rule->rbp_offset) {
		return 0;
	}
	return MT_RULE_CODED | (rule->cfa == MT_CFA_RBP ? MT_RULE_BY_RBP : 0) | place << MT_RULE_RBP_SHIFT | words;
}

/*
 * A word of the cache holds the number of the rule for the code before `pc` in a list of mappings. Both together have
 * 64 bits, and times an odd number (splitmix64's) they are 64 others that tell them as well: of those, 14 are the
 * word's place, and the other 50 are in it, beside the 14 of the rule's number. So nothing is ever taken for another.
 */
MT_INLINE __u64 mt_cache_key(__u64 mappings, __u64 pc)
{
	return (mappings >> 32 << MT_UNWIND_ADDRESS_BITS ^ pc) * 0xbf58476d1ce4e5b9ULL;
}

MT_INLINE __u32 mt_cache_place(__u64 key)
{
	return key >> (64 - MT_UNWIND_CACHE_BITS) & (MT_UNWIND_CACHE - 1);
}

MT_INLINE __u64 mt_cache_word(__u64 key, __u32 rule)
{
	return key << MT_UNWIND_CACHE_BITS | rule;
}

/* MT_RULES_MAX or more: it is not in the word. */
MT_INLINE __u64 mt_cache_rule(__u64 key, __u64 word)
{
	return word ^ key << MT_UNWIND_CACHE_BITS;
}

_Static_assert(MT_RULES_MAX == 1 << MT_UNWIND_CACHE_BITS, "what the place leaves free in a word holds a number");
_Static_assert(MT_RULES_MAX == 2 * MT_RULES_LISTED, "one bit says which they are");

#endif
