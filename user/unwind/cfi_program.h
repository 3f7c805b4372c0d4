/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interprets the instructions of call frame information (DWARF 5, section 6.4.2; DW_CFA_*). */
#ifndef MEMTRAWL_UNWIND_CFI_PROGRAM_H
#define MEMTRAWL_UNWIND_CFI_PROGRAM_H

#include "unwind/cfi.h"
#include "unwind/cfi_state.h"
#include "unwind/pointer.h"

/* Instructions, and what their operands mean. */
struct cfi_program {
	struct cursor code;
	uint64_t code_align;
	int64_t data_align;
	unsigned int encoding; /* of DW_CFA_set_loc's operand */
	const struct pointer_base *base;
	bool aarch64;
};

/* Growing rows, used again for each function. */
struct cfi_rows {
	struct cfi_row *rows;
	size_t count, capacity;
};

/* A CIE's instructions: the state that its functions begin with. Returns 0, or -EBADMSG if they make no sense. */
int cfi_program__run_initial(const struct cfi_program *program, struct cfi_state *state);

/*
 * A function's: its rows, which are in the order of their addresses, neighbours different, and the first of them at
 * `begin`. It takes time in proportion to the instructions' size. Returns 0, -EBADMSG, or -ENOMEM.
 */
int cfi_program__run(const struct cfi_program *program, const struct cfi_state *initial, uint64_t begin, uint64_t end,
		     struct cfi_rows *rows);

#endif
