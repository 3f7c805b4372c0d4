/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Unwind tables: what `user/unwind/` makes of .eh_frame, and the programs step by. The part of the ABI that is about
 * stacks.
 *
 * An object's table is a list of rows, sorted by address: from a row's address on, up to the next row's, its rule
 * holds. Rows are four bytes: the low 16 bits of the address (relative to the object) and the number of a rule. They
 * are in pages of 64 KiB of the object's addresses. Every page that has any begins with a row for its first address,
 * so that no search goes beyond a page. Rules are few (some hundred for a large program) and shared by all objects.
 */
#ifndef MEMTRAWL_UNWIND_ABI_H
#define MEMTRAWL_UNWIND_ABI_H

#include "pure.h"

/* How to find the canonical frame address: what the stack pointer was before the call that made the frame. */
enum mt_cfa {
	MT_CFA_NONE,      /* nothing is known of this code: between functions, or without CFI */
	MT_CFA_RSP,       /* rsp + cfa_offset */
	MT_CFA_RBP,       /* rbp + cfa_offset */
	MT_CFA_RBP_DEREF, /* the word at rbp + cfa_offset: a realigned stack (DRAP) */
	MT_CFA_PLT,       /* rsp + 8, and 8 more where the low 4 bits of the pc are at least cfa_offset: a PLT entry */
	MT_CFA_SIGNAL,    /* a signal frame: rsp is where the kernel put a struct ucontext */
	MT_CFA_END,       /* there is no caller: the program's or the thread's first function */
	MT_CFA_UNSUPPORTED, /* an expression or a register that we do not follow */
	MT_CFA_BOTTOM,      /* MT_RULE_BOTTOM; in no table */
	MT_CFA_MAX,
};

/* Where the caller's rbp is. */
enum mt_rbp {
	MT_RBP_SAME,   /* still in rbp */
	MT_RBP_AT_CFA, /* at CFA + rbp_offset */
	MT_RBP_AT_RBP, /* at rbp + rbp_offset */
	MT_RBP_RETURN, /* still in rbp; and rbp_offset says where the return address is: arm64 only, see below */
};

/*
 * The return address is at CFA - 8 in all of them but signal frames.
 *
 * On arm64, rsp stands for sp, and rbp for x29. The return address is where x29's place tells: with MT_RBP_SAME in x30,
 * the link register, which can be only where nothing was called from; with MT_RBP_AT_CFA in the word above x29's, as
 * both are stored by one instruction; with MT_RBP_RETURN at CFA + rbp_offset. There is no MT_RBP_AT_RBP and no
 * MT_CFA_PLT.
 */
struct mt_unwind_rule {
	__s32 cfa_offset;
	__s16 rbp_offset;
	__u8 cfa; /* enum mt_cfa */
	__u8 rbp; /* enum mt_rbp */
};

enum {
	MT_UNWIND_PAGE_SHIFT = 16,
	MT_UNWIND_PAGE_ROWS_BITS = 14,
	MT_UNWIND_PAGE_ROWS = 1 << MT_UNWIND_PAGE_ROWS_BITS, /* at most, in a page: a row for four bytes of code */
	MT_UNWIND_CHUNK_ROWS = 1 << 18, /* rows are kept in chunks of 1 MiB; those of one page are in one chunk */
	MT_RULES_MAX = 16384,           /* numbers of rules */
	MT_RULES_LISTED = 8192,         /* of them, in map `unwind_rules`: bpf/rule_words.h */
	MT_UNWIND_PAGES_MAX = 65536,    /* pages of all objects: 4 GiB of code */
	MT_UNWIND_CHUNKS_MAX = 256,     /* 256 MiB of rows */
	MT_UNWIND_MAPPINGS_BITS = 15,
	MT_UNWIND_MAPPINGS_MAX = 1 << MT_UNWIND_MAPPINGS_BITS, /* of all processes */
	MT_UNWIND_CACHE_BITS = 14,
	MT_UNWIND_CACHE = 1 << MT_UNWIND_CACHE_BITS, /* rules found before */
	MT_UNWIND_ADDRESS_BITS = 48,                 /* of addresses that are cached */
	MT_UNWIND_LISTS_MAX = (1 << 16) - 1,         /* numbers of lists of mappings */
};

/* Map `unwind_pages`: a page of an object's table. */
struct mt_unwind_page {
	__u32 row;   /* number of its first row: chunk and place in the chunk */
	__u32 count; /* rows; 0: nothing is known of the page */
};

/*
 * Map `unwind_mappings`: executable mappings of a process, by address, in one piece: mt_process.mappings says where it
 * is. A change makes a new piece; the old one stays as it is for a while, as programs may be reading it.
 */
struct mt_unwind_mapping {
	__u64 start, limit; /* addresses [start, limit) */
	__u64 bias;         /* an address less this is the object's own */
	__u32 object;       /* number of its table, from 1 on, never used again; 0: it has none */
	__u32 first_page;   /* number of the first page that the table has */
	__u32 page_count;
	__u32 pages; /* where its pages begin in map `unwind_pages` */
};

/*
 * mt_process.mappings: the list's number, its first entry and their count in one word, so that all change at once.
 * Each list that is made has the next number, of 1 to MT_UNWIND_LISTS_MAX; all 0 is none.
 */
#define MT_UNWIND_MAPPINGS(list, first, count) ((__u64)(list) << 32 | (__u32)(first) << 16 | (__u16)(count))
#define MT_UNWIND_LIST(mappings)               ((__u32)((mappings) >> 32))
#define MT_UNWIND_FIRST(mappings)              ((__u32)(mappings) >> 16)
#define MT_UNWIND_COUNT(mappings)              ((__u32)(mappings)&0xffff)

/* Values of maps `unwind_cache` and `unwind_rules`, of one each: what is looked up most is found without a key. */
struct mt_unwind_cache {
	__u64 word[MT_UNWIND_CACHE];
};

struct mt_unwind_rules {
	struct mt_unwind_rule rule[MT_RULES_LISTED];
};

enum mt_unwind_mode {
	MT_UNWIND_AUTO,  /* by the table, and by the frame pointer where it says nothing */
	MT_UNWIND_DWARF, /* by the table only */
	MT_UNWIND_FP,    /* by the frame pointer only */
};

/* Value of the maps in map `unwind_chunks`. */
struct mt_unwind_chunk {
	__u32 row[MT_UNWIND_CHUNK_ROWS];
};

/* A row: address bits in the lower half, rule number in the upper. */
#define MT_UNWIND_ROW(address, rule) (((__u32)(address)&0xffff) | (__u32)(rule) << 16)

/*
 * The number of the rule that holds for the address (its low 16 bits) in a page of `count` rows, at least one and at
 * most MT_UNWIND_PAGE_ROWS, the first of them row[first]: of the last row that is not above. The first row never is.
 * Indexes stay below MT_UNWIND_CHUNK_ROWS, which the verifier wants to see.
 */
MT_INLINE __u32 mt_unwind_search(const __u32 *row, __u32 first, __u32 count, __u32 address)
{
	for (__u32 i = 0; i < MT_UNWIND_PAGE_ROWS_BITS && count > 1; i++) {
		__u32 half = count / 2;

		/* without a branch, which nobody could predict: all ones if the row is not above */
		first += half &
			 (__u32)(((__s64)(row[(first + half) % MT_UNWIND_CHUNK_ROWS] & 0xffff) - address - 1) >> 63);
		count -= half;
	}
	return row[first % MT_UNWIND_CHUNK_ROWS] >> 16;
}

_Static_assert(sizeof(struct mt_unwind_rule) == 8, "no padding");
_Static_assert(sizeof(struct mt_unwind_mapping) == 40, "no padding");
_Static_assert(MT_UNWIND_MAPPINGS_MAX < 1 << 16, "first entry and count are 16 bits each");

#endif
