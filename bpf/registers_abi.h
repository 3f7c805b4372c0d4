/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What iterator `registers` writes, a row for each thread. Both sides include it. */
#ifndef MEMTRAWL_REGISTERS_ABI_H
#define MEMTRAWL_REGISTERS_ABI_H

#include <linux/types.h>

enum { MT_REGISTER_WORDS = 36 }; /* of struct pt_regs: 21 on x86-64, 36 on arm64 */

struct mt_registers {
	__u32 tid;   /* in the initial pid namespace */
	__u32 still; /* it neither runs nor waits for a processor */
	__u64 stack_pointer;
	__u64 thread_pointer; /* x86-64: its fs base; else 0 */
	__u64 words[MT_REGISTER_WORDS];
};

_Static_assert(sizeof(struct mt_registers) == 24 + 8 * MT_REGISTER_WORDS, "no padding");

#endif
