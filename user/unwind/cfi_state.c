/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unwind/cfi_state.h"

#include <dwarf.h>
#include <string.h>

#include "unwind/cursor.h"

/* Reads "rbp + offset" (DW_OP_breg6) at the beginning of an expression. */
static bool read_rbp_offset(struct cursor *cursor, int64_t *offset)
{
	if (cursor__u8(cursor) != DW_OP_breg6)
		return false;
	*offset = cursor__sleb(cursor);
	return !cursor->bad;
}

/*
 * The one expression that linkers write for the lazily bound PLT: each entry of 16 bytes pushes a word on its way, from
 * offset K on: rsp + 8 + ((rip & 15) >= K) * 8. K is 11 in the classic kind, and smaller where the jump goes elsewhere.
 */
static bool is_plt(const unsigned char *expression, size_t size, int64_t *offset)
{
	static const unsigned char plt[] = {
		DW_OP_breg7, 8,        DW_OP_breg16, 0,         DW_OP_lit15, DW_OP_and,
		DW_OP_lit0,  DW_OP_ge, DW_OP_lit3,   DW_OP_shl, DW_OP_plus,
	};
	enum { K = 6 }; /* where lit0 stands for any */

	if (size != sizeof(plt) || memcmp(expression, plt, K) != 0 ||
	    memcmp(expression + K + 1, plt + K + 1, sizeof(plt) - K - 1) != 0 || expression[K] < DW_OP_lit0 ||
	    expression[K] > DW_OP_lit31)
		return false;
	*offset = expression[K] - DW_OP_lit0;
	return true;
}

void cfi_state__set_cfa_expression(struct cfi_state *state, const unsigned char *expression, size_t size)
{
	struct cursor cursor = {.at = expression, .end = expression + size};

	state->cfa_register = 0;
	state->cfa_offset = 0;
	if (is_plt(expression, size, &state->cfa_offset)) {
		state->cfa = CFI_CFA_PLT;
		return;
	}
	/* What gcc writes for a function that realigns its stack: rbp points at where the old stack pointer is kept. */
	if (read_rbp_offset(&cursor, &state->cfa_offset) && cursor__u8(&cursor) == DW_OP_deref &&
	    !cursor__left(&cursor)) {
		state->cfa = CFI_CFA_RBP_DEREF;
		return;
	}
	state->cfa = CFI_CFA_OTHER;
	state->cfa_offset = 0;
}

struct cfi_saved cfi_saved__from_expression(const unsigned char *expression, size_t size)
{
	struct cursor cursor = {.at = expression, .end = expression + size};
	struct cfi_saved saved = {.kind = CFI_SAVED_AT_RBP};

	if (read_rbp_offset(&cursor, &saved.offset) && !cursor__left(&cursor))
		return saved;
	return (struct cfi_saved){.kind = CFI_SAVED_OTHER};
}

static enum mt_cfa cfa_rule(const struct cfi_state *state, const struct cfi_registers *registers)
{
	switch (state->cfa) {
	case CFI_CFA_REGISTER:
		if (state->cfa_register == registers->sp)
			return MT_CFA_RSP;
		return state->cfa_register == registers->fp ? MT_CFA_RBP : MT_CFA_UNSUPPORTED;
	case CFI_CFA_RBP_DEREF:
		return MT_CFA_RBP_DEREF;
	case CFI_CFA_PLT:
		return MT_CFA_PLT;
	default:
		return MT_CFA_UNSUPPORTED;
	}
}

/* False if rbp is somewhere that a rule cannot say. */
static bool rbp_rule(const struct cfi_saved *saved, struct mt_unwind_rule *rule)
{
	switch (saved->kind) {
	case CFI_SAVED_UNSPECIFIED: /* the ABI has callees preserve it */
	case CFI_SAVED_SAME:
	case CFI_SAVED_UNDEFINED: /* lost, and so of no use for a CFA: whatever we say */
		rule->rbp = MT_RBP_SAME;
		return true;
	case CFI_SAVED_AT_CFA:
		rule->rbp = MT_RBP_AT_CFA;
		break;
	case CFI_SAVED_AT_RBP:
		rule->rbp = MT_RBP_AT_RBP;
		break;
	default:
		return false;
	}
	rule->rbp_offset = (__s16)saved->offset;
	return rule->rbp_offset == saved->offset;
}

static bool is_kept(const struct cfi_saved *saved)
{
	return saved->kind == CFI_SAVED_UNSPECIFIED || saved->kind == CFI_SAVED_SAME;
}

/* On AArch64 a call leaves the return address in x30. Functions that make calls themselves store it, beside x29. */
static bool link_rule(const struct cfi_state *state, struct mt_unwind_rule *rule)
{
	const struct cfi_saved *fp = &state->rbp, *link = &state->return_address;

	if (is_kept(link)) {
		rule->rbp = MT_RBP_SAME;
		return is_kept(fp);
	}
	if (link->kind != CFI_SAVED_AT_CFA)
		return false;
	if (fp->kind == CFI_SAVED_AT_CFA)
		return link->offset == fp->offset + 8 && rbp_rule(fp, rule);
	if (!is_kept(fp) && fp->kind != CFI_SAVED_UNDEFINED)
		return false;
	rule->rbp = MT_RBP_RETURN;
	rule->rbp_offset = (__s16)link->offset;
	return rule->rbp_offset == link->offset;
}

struct mt_unwind_rule cfi_state__rule(const struct cfi_state *state, bool aarch64)
{
	struct mt_unwind_rule rule = {.cfa_offset = (__s32)state->cfa_offset,
				      .cfa = cfa_rule(state, cfi_registers(aarch64))};

	/* "Undefined" is how a function says that it has no caller (DWARF 5, section 6.4.4). */
	if (state->return_address.kind == CFI_SAVED_UNDEFINED)
		return (struct mt_unwind_rule){.cfa = MT_CFA_END};
	if (aarch64 && rule.cfa != MT_CFA_UNSUPPORTED && rule.cfa_offset == state->cfa_offset &&
	    link_rule(state, &rule))
		return rule;
	if (aarch64 || rule.cfa == MT_CFA_UNSUPPORTED || rule.cfa_offset != state->cfa_offset ||
	    state->return_address.kind != CFI_SAVED_AT_CFA || state->return_address.offset != -8 ||
	    !rbp_rule(&state->rbp, &rule))
		return (struct mt_unwind_rule){.cfa = MT_CFA_UNSUPPORTED};
	return rule;
}
