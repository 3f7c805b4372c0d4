/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads call frame information for x86-64 and AArch64: .debug_frame (DWARF 5, section 6.4) and .eh_frame (LSB Core,
 * "Exception Frames"). The bytes are foreign: nothing in them can make it read elsewhere, take more than time in
 * proportion to their number, or allocate more.
 */
#ifndef MEMTRAWL_UNWIND_CFI_H
#define MEMTRAWL_UNWIND_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind.h"

struct cfi_section {
	const unsigned char *data;
	size_t size;
	uint64_t address;   /* of data[0], which pointers in it may be relative to */
	uint64_t data_base; /* what DW_EH_PE_datarel counts from: the global offset table */
	bool debug_frame;   /* of the .debug_frame kind */
	bool aarch64;
};

/* From this address on, the rule holds. */
struct cfi_row {
	uint64_t address;
	struct mt_unwind_rule rule;
};

/* What one FDE says of [begin, end), which is not empty. */
struct cfi_function {
	uint64_t begin, end;
	const struct cfi_row *rows; /* by address, the first at `begin`, neighbours different; at least one */
	size_t row_count;
};

/*
 * Calls `visit` for each function in the order of the section, which ends at its last byte, at a terminator (.eh_frame
 * only), or at an entry that reaches beyond it. Adds the number of functions whose information is wrong, in full or
 * in part unsupported, to *refused: those of the latter kind are visited, the others are not. Stops when `visit`
 * returns non-zero, and returns that; otherwise 0, or -ENOMEM.
 */
int cfi__each_function(const struct cfi_section *section,
		       int (*visit)(const struct cfi_function *function, void *cookie), void *cookie, size_t *refused);

#endif
