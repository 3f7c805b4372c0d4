/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What call frame information says of one address: how to find the CFA, the caller's rbp and the return address; and
 * what the programs can make of that. Of the other registers we want to know nothing.
 */
#ifndef MEMTRAWL_UNWIND_CFI_STATE_H
#define MEMTRAWL_UNWIND_CFI_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind.h"

/*
 * DWARF's numbers (System V ABI, AMD64 supplement, figure 3.36; DWARF for the Arm 64-bit Architecture, section 4.1).
 * Which machine an object is for is in its header, so that the rules of both are tested on either. Those of AArch64
 * have not been used on one yet.
 */
struct cfi_registers {
	uint64_t fp, sp, return_address; /* rbp, rsp and a column of its own; x29, sp, x30 */
};

static inline const struct cfi_registers *cfi_registers(bool aarch64)
{
	static const struct cfi_registers x86_64 = {6, 7, 16}, arm64 = {29, 31, 30};

	return aarch64 ? &arm64 : &x86_64;
}

enum cfi_cfa_kind {
	CFI_CFA_UNSET,
	CFI_CFA_REGISTER,  /* register + offset */
	CFI_CFA_RBP_DEREF, /* an expression: the word at rbp + offset */
	CFI_CFA_PLT,       /* an expression: that of a PLT; `offset` is where in an entry the push is over */
	CFI_CFA_OTHER,     /* another expression */
};

enum cfi_saved_kind {
	CFI_SAVED_UNSPECIFIED,
	CFI_SAVED_SAME,
	CFI_SAVED_UNDEFINED,
	CFI_SAVED_AT_CFA, /* at CFA + offset */
	CFI_SAVED_AT_RBP, /* an expression: at rbp + offset */
	CFI_SAVED_OTHER,  /* in another register, or another expression */
};

struct cfi_saved {
	enum cfi_saved_kind kind;
	int64_t offset;
};

struct cfi_state {
	enum cfi_cfa_kind cfa;
	uint64_t cfa_register;
	int64_t cfa_offset;
	struct cfi_saved rbp, return_address;
};

/* The CFA is the value of a DWARF expression. */
void cfi_state__set_cfa_expression(struct cfi_state *state, const unsigned char *expression, size_t size);

/* A register is saved where a DWARF expression says (DW_CFA_expression). */
struct cfi_saved cfi_saved__from_expression(const unsigned char *expression, size_t size);

struct mt_unwind_rule cfi_state__rule(const struct cfi_state *state, bool aarch64);

#endif
