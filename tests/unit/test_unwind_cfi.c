/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>

#include "cfi_seen.h"
#include "unwind/cursor.h"

/* One function of that program. */
static struct seen run(const unsigned char *code, size_t size)
{
	struct eh_frame frame = {0};

	eh_frame__fde(&frame, eh_frame__usual_cie(&frame), BEGIN, LENGTH, code, size);
	return read_frame(&frame);
}

static void check_rule(const char *what, const struct mt_unwind_rule *got, const struct mt_unwind_rule *want)
{
	if (memcmp(got, want, sizeof(*got)) != 0)
		fail_msg("%s: got cfa %u%+d rbp %u%+d, not cfa %u%+d rbp %u%+d", what, got->cfa, got->cfa_offset,
			 got->rbp, got->rbp_offset, want->cfa, want->cfa_offset, want->rbp, want->rbp_offset);
}

struct program {
	const char *what;
	const unsigned char *code;
	size_t size;
	size_t refused;
	struct {
		unsigned int offset; /* in the function */
		struct mt_unwind_rule rule;
	} rows[5]; /* to the first without a rule */
};

static void check_programs(const struct program *programs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct program *program = &programs[i];
		struct seen seen = run(program->code, program->size);
		size_t rows = 0;

		for (; rows < ARRAY_SIZE(program->rows) && program->rows[rows].rule.cfa; rows++) {
			if (rows >= seen.row_count || seen.rows[rows].address != BEGIN + program->rows[rows].offset)
				fail_msg("%s: row %zu is missing, or elsewhere", program->what, rows);
			check_rule(program->what, &seen.rows[rows].rule, &program->rows[rows].rule);
		}
		if (seen.row_count != rows || seen.refused != program->refused)
			fail_msg("%s: %zu rows and %zu refused, not %zu and %zu", program->what, seen.row_count,
				 seen.refused, rows, program->refused);
	}
}

#define FIRST                                                                                                          \
	{                                                                                                              \
		0, PLAIN(RSP, 8)                                                                                       \
	}

static void locations(void **state)
{
	const struct program programs[] = {
		{"nothing", CODE(DW_CFA_nop), 0, {FIRST}},
		{"advance_loc", CODE(ADVANCE(1), DW_CFA_def_cfa_offset, 16), 0, {FIRST, {1, PLAIN(RSP, 16)}}},
		{"advance_loc1",
		 CODE(DW_CFA_advance_loc1, 0xf0, DW_CFA_def_cfa_offset, 16),
		 0,
		 {FIRST, {0xf0, PLAIN(RSP, 16)}}},
		{"advance_loc2",
		 CODE(DW_CFA_advance_loc2, 0x41, 0, DW_CFA_def_cfa_offset, 16),
		 0,
		 {FIRST, {0x41, PLAIN(RSP, 16)}}},
		{"advance_loc4",
		 CODE(DW_CFA_advance_loc4, 0x42, 0, 0, 0, DW_CFA_def_cfa_offset, 16),
		 0,
		 {FIRST, {0x42, PLAIN(RSP, 16)}}},
		{"advance_loc8",
		 CODE(DW_CFA_MIPS_advance_loc8, 0x43, 0, 0, 0, 0, 0, 0, 0, DW_CFA_def_cfa_offset, 16),
		 0,
		 {FIRST, {0x43, PLAIN(RSP, 16)}}},
		{"to where it is", CODE(ADVANCE(0), DW_CFA_def_cfa_offset, 16), 0, {{0, PLAIN(RSP, 16)}}},
		{"nothing new", CODE(ADVANCE(1), DW_CFA_def_cfa_offset, 8, ADVANCE(2)), 0, {FIRST}},
		{"another register", CODE(ADVANCE(1), DW_CFA_offset | 3, 2), 0, {FIRST}},
		{"past the end", CODE(DW_CFA_advance_loc2, 0, 1, DW_CFA_def_cfa_offset, 16), 0, {FIRST}},
		/* What comes after the function's end is not looked at. */
		{"past the end, then nonsense", CODE(DW_CFA_advance_loc2, 0, 1, 0x3f), 0, {FIRST}},
		{"advance_loc8 around",
		 CODE(DW_CFA_MIPS_advance_loc8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
		 1,
		 {{0}}},
		{"cut off", CODE(0x00, 0x00, ADVANCE(1), DW_CFA_advance_loc4), 1, {{0}}},
		{"no such instruction", CODE(DW_CFA_low_user, 0, 0, 0), 1, {{0}}},
		{"AArch64's", CODE(DW_CFA_GNU_window_save, 0, 0, 0), 1, {{0}}},
	};

	(void)state;
	check_programs(programs, ARRAY_SIZE(programs));
}

static void set_loc(void **state)
{
	struct eh_frame frame = {0};
	unsigned char code[7] = {DW_CFA_set_loc, 0, 0, 0, 0, DW_CFA_def_cfa_offset, 16};
	int32_t distance;
	struct seen seen;
	size_t cie;

	(void)state;
	cie = eh_frame__usual_cie(&frame);
	/* The operand is 18 bytes into the entry: two lengths, two words, an augmentation length, the opcode. */
	distance = (int32_t)(BEGIN + 0x20 - (EH_FRAME_ADDRESS + frame.size + 18));
	memcpy(code + 1, &distance, sizeof(distance));
	eh_frame__fde(&frame, cie, BEGIN, LENGTH, code, sizeof(code));
	/* Backwards: before the function. */
	eh_frame__fde(&frame, cie, BEGIN + LENGTH, LENGTH, code, sizeof(code));
	seen = read_frame(&frame);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.refused, 1);
	assert_int_equal(seen.row_count, 2);
	assert_int_equal(seen.rows[1].address, BEGIN + 0x20);
	check_rule("set_loc", &seen.rows[1].rule, &PLAIN(RSP, 16));
}

static void cfa_by_register(void **state)
{
	const struct program programs[] = {
		{"def_cfa", CODE(DW_CFA_def_cfa, 6, 16), 0, {{0, PLAIN(RBP, 16)}}},
		{"def_cfa_sf", CODE(DW_CFA_def_cfa_sf, 7, 0x7e), 0, {{0, PLAIN(RSP, 16)}}},
		{"def_cfa_register", CODE(DW_CFA_def_cfa_register, 6), 0, {{0, PLAIN(RBP, 8)}}},
		{"def_cfa_offset", CODE(DW_CFA_def_cfa_offset, 0x80, 0x82, 0x40), 0, {{0, PLAIN(RSP, 1048832)}}},
		{"def_cfa_offset_sf", CODE(DW_CFA_def_cfa_offset_sf, 0x7d), 0, {{0, PLAIN(RSP, 24)}}},
		{"below rsp", CODE(DW_CFA_def_cfa_offset_sf, 2), 0, {{0, PLAIN(RSP, -16)}}},
		{"r10", CODE(DW_CFA_def_cfa, 10, 0), 1, {{0, PLAIN(UNSUPPORTED, 0)}}},
		{"an offset of 31 bits",
		 CODE(DW_CFA_def_cfa_offset, 0xff, 0xff, 0xff, 0xff, 7),
		 0,
		 {{0, PLAIN(RSP, INT32_MAX)}}},
		{"an offset of 32 bits",
		 CODE(DW_CFA_def_cfa_offset, 0x80, 0x80, 0x80, 0x80, 8),
		 1,
		 {{0, PLAIN(UNSUPPORTED, 0)}}},
		{"ten bytes of ULEB128",
		 CODE(DW_CFA_def_cfa_offset, 0x90, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0),
		 0,
		 {{0, PLAIN(RSP, 16)}}},
		{"more than 64 bits",
		 CODE(DW_CFA_def_cfa_offset, 0x90, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 2),
		 1,
		 {{0}}},
		{"eleven bytes of ULEB128",
		 CODE(DW_CFA_def_cfa_offset, 0x90, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0),
		 1,
		 {{0}}},
		{"args_size", CODE(DW_CFA_GNU_args_size, 0x90, 1), 0, {FIRST}},
	};

	(void)state;
	check_programs(programs, ARRAY_SIZE(programs));
}

#define PLT(k)                                                                                                         \
	DW_CFA_def_cfa_expression, 11, DW_OP_breg7, 8, DW_OP_breg16, 0, DW_OP_lit15, DW_OP_and, DW_OP_lit0 + (k),      \
		DW_OP_ge, DW_OP_lit3, DW_OP_shl, DW_OP_plus

static void cfa_by_expression(void **state)
{
	const struct program programs[] = {
		{"PLT", CODE(PLT(11)), 0, {{0, PLAIN(PLT, 11)}}},
		{"PLT with endbr64", CODE(PLT(6)), 0, {{0, PLAIN(PLT, 6)}}},
		{"PLT's largest", CODE(PLT(31)), 0, {{0, PLAIN(PLT, 31)}}},
		{"a PLT of something else", CODE(PLT(32)), 1, {{0, PLAIN(UNSUPPORTED, 0)}}},
		{"DRAP", CODE(DRAP), 0, {{0, RULE(RBP_DEREF, -8, AT_RBP, 0)}}},
		{"rsp deref",
		 CODE(DW_CFA_def_cfa_expression, 3, DW_OP_breg7, 8, DW_OP_deref),
		 1,
		 {{0, PLAIN(UNSUPPORTED, 0)}}},
		{"deref and more",
		 CODE(DW_CFA_def_cfa_expression, 4, DW_OP_breg6, 8, DW_OP_deref, DW_OP_deref),
		 1,
		 {{0, PLAIN(UNSUPPORTED, 0)}}},
		{"an empty one", CODE(DW_CFA_def_cfa_expression, 0), 1, {{0, PLAIN(UNSUPPORTED, 0)}}},
		{"then a register",
		 CODE(DRAP, ADVANCE(4), DW_CFA_def_cfa, 7, 8, DW_CFA_restore | 6),
		 0,
		 {{0, RULE(RBP_DEREF, -8, AT_RBP, 0)}, {4, PLAIN(RSP, 8)}}},
		{"an offset to an expression", CODE(DRAP, DW_CFA_def_cfa_offset, 16), 1, {{0}}},
		{"a register to an expression", CODE(DRAP, DW_CFA_def_cfa_register, 7), 1, {{0}}},
		{"larger than there is", CODE(DW_CFA_def_cfa_expression, 0xff, 0x7f, DW_OP_breg6), 1, {{0}}},
		{"of 2^63 bytes",
		 CODE(DW_CFA_def_cfa_expression, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1),
		 1,
		 {{0}}},
	};

	(void)state;
	check_programs(programs, ARRAY_SIZE(programs));
}

static void registers(void **state)
{
	const struct program programs[] = {
		{"offset", CODE(DW_CFA_offset | 6, 2), 0, {{0, RULE(RSP, 8, AT_CFA, -16)}}},
		{"offset_extended", CODE(DW_CFA_offset_extended, 6, 3), 0, {{0, RULE(RSP, 8, AT_CFA, -24)}}},
		{"offset_extended_sf", CODE(DW_CFA_offset_extended_sf, 6, 0x7f), 0, {{0, RULE(RSP, 8, AT_CFA, 8)}}},
		{"negative_offset_extended",
		 CODE(DW_CFA_GNU_negative_offset_extended, 6, 2),
		 0,
		 {{0, RULE(RSP, 8, AT_CFA, 16)}}},
		{"the lowest offset", CODE(DW_CFA_offset | 6, 0x80, 0x20), 0, {{0, RULE(RSP, 8, AT_CFA, -32768)}}},
		{"a lower one", CODE(DW_CFA_offset | 6, 0x81, 0x20), 1, {{0, PLAIN(UNSUPPORTED, 0)}}},
		{"restore",
		 CODE(DW_CFA_offset | 6, 2, ADVANCE(1), DW_CFA_restore | 6),
		 0,
		 {{0, RULE(RSP, 8, AT_CFA, -16)}, {1, PLAIN(RSP, 8)}}},
		{"restore_extended",
		 CODE(DW_CFA_offset | 6, 2, ADVANCE(1), DW_CFA_restore_extended, 6),
		 0,
		 {{0, RULE(RSP, 8, AT_CFA, -16)}, {1, PLAIN(RSP, 8)}}},
		{"undefined",
		 CODE(DW_CFA_offset | 6, 2, ADVANCE(1), DW_CFA_undefined, 6),
		 0,
		 {{0, RULE(RSP, 8, AT_CFA, -16)}, {1, PLAIN(RSP, 8)}}},
		{"same_value",
		 CODE(DW_CFA_offset | 6, 2, ADVANCE(1), DW_CFA_same_value, 6),
		 0,
		 {{0, RULE(RSP, 8, AT_CFA, -16)}, {1, PLAIN(RSP, 8)}}},
		{"register", CODE(DW_CFA_register, 6, 3), 1, {{0, PLAIN(UNSUPPORTED, 0)}}},
		{"register, of another", CODE(DW_CFA_register, 5, 3), 0, {FIRST}},
		{"val_offset", CODE(DW_CFA_val_offset, 6, 2), 1, {{0, PLAIN(UNSUPPORTED, 0)}}},
		{"val_offset_sf", CODE(DW_CFA_val_offset_sf, 6, 0x7e), 1, {{0, PLAIN(UNSUPPORTED, 0)}}},
		{"val_offset, of rsp", CODE(DW_CFA_val_offset, 7, 0), 0, {FIRST}},
		{"expression", CODE(DW_CFA_expression, 6, 2, DW_OP_breg6, 0x70), 0, {{0, RULE(RSP, 8, AT_RBP, -16)}}},
		{"another expression",
		 CODE(DW_CFA_expression, 6, 2, DW_OP_breg7, 0x70),
		 1,
		 {{0, PLAIN(UNSUPPORTED, 0)}}},
		{"a longer expression",
		 CODE(DW_CFA_expression, 6, 3, DW_OP_breg6, 0x70, DW_OP_deref),
		 1,
		 {{0, PLAIN(UNSUPPORTED, 0)}}},
		{"val_expression",
		 CODE(DW_CFA_val_expression, 6, 2, DW_OP_breg6, 0x70),
		 1,
		 {{0, PLAIN(UNSUPPORTED, 0)}}},
		{"val_expression, of another", CODE(DW_CFA_val_expression, 3, 2, DW_OP_breg6, 0x70), 0, {FIRST}},
		{"val_expression, cut off", CODE(DW_CFA_val_expression, 3, 0x20, DW_OP_breg6, 0x70), 1, {{0}}},
		{"a large register", CODE(DW_CFA_same_value, 0x86, 0x80, 1), 0, {FIRST}},
	};

	(void)state;
	check_programs(programs, ARRAY_SIZE(programs));
}

static void return_addresses(void **state)
{
	const struct program programs[] = {
		{"none: the end", CODE(DW_CFA_undefined, 16), 0, {{0, PLAIN(END, 0)}}},
		/* Whatever else is said. */
		{"none and rbp",
		 CODE(DW_CFA_undefined, 16, DW_CFA_def_cfa, 10, 3, DW_CFA_register, 6, 1),
		 0,
		 {{0, PLAIN(END, 0)}}},
		{"elsewhere", CODE(DW_CFA_offset | 16, 2), 1, {{0, PLAIN(UNSUPPORTED, 0)}}},
		{"in a register", CODE(DW_CFA_register, 16, 2), 1, {{0, PLAIN(UNSUPPORTED, 0)}}},
		{"by an expression", CODE(DW_CFA_expression, 16, 2, DW_OP_breg6, 8), 1, {{0, PLAIN(UNSUPPORTED, 0)}}},
		{"unchanged", CODE(DW_CFA_same_value, 16), 1, {{0, PLAIN(UNSUPPORTED, 0)}}},
		{"for a while",
		 CODE(DW_CFA_register, 16, 2, ADVANCE(2), DW_CFA_restore | 16),
		 1,
		 {{0, PLAIN(UNSUPPORTED, 0)}, {2, PLAIN(RSP, 8)}}},
	};

	(void)state;
	check_programs(programs, ARRAY_SIZE(programs));
}

static void remembered_states(void **state)
{
	unsigned char deep[64];
	const struct program programs[] = {
		/* An epilogue in the middle: the state of before it comes back, CFA and all. */
		{"once",
		 CODE(ADVANCE(1), DW_CFA_def_cfa_offset, 16, DW_CFA_offset | 6, 2, ADVANCE(3), DW_CFA_remember_state,
		      DW_CFA_def_cfa_offset, 8, DW_CFA_restore | 6, ADVANCE(1), DW_CFA_restore_state),
		 0,
		 {FIRST, {1, RULE(RSP, 16, AT_CFA, -16)}, {4, PLAIN(RSP, 8)}, {5, RULE(RSP, 16, AT_CFA, -16)}}},
		{"nested",
		 CODE(DW_CFA_remember_state, DW_CFA_def_cfa_offset, 16, DW_CFA_remember_state, DW_CFA_def_cfa_offset,
		      24, ADVANCE(1), DW_CFA_restore_state, ADVANCE(1), DW_CFA_restore_state),
		 0,
		 {{0, PLAIN(RSP, 24)}, {1, PLAIN(RSP, 16)}, {2, PLAIN(RSP, 8)}}},
		{"never restored",
		 CODE(DW_CFA_remember_state, ADVANCE(1), DW_CFA_def_cfa_offset, 16),
		 0,
		 {FIRST, {1, PLAIN(RSP, 16)}}},
		{"restored only", CODE(DW_CFA_restore_state), 1, {{0}}},
		{"as deep as can be", deep, 32, 0, {FIRST}},
		{"deeper", deep, 33, 1, {{0}}},
		{"deeper still", deep, sizeof(deep), 1, {{0}}},
	};

	(void)state;
	memset(deep, DW_CFA_remember_state, sizeof(deep));
	check_programs(programs, ARRAY_SIZE(programs));
}

/* ---- CIEs */

static void signal_frames(void **state)
{
	struct eh_frame frame = {0};
	struct seen seen;

	(void)state;
	eh_frame__fde(&frame, eh_frame__cie(&frame, "zRS", CODE(PCREL4), CODE(USUAL)), BEGIN, LENGTH,
		      CODE(ADVANCE(1), DW_CFA_def_cfa, 10, 8));
	seen = read_frame(&frame);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.refused, 0);
	assert_int_equal(seen.row_count, 1);
	check_rule("signal frame", &seen.rows[0].rule, &PLAIN(SIGNAL, 0));
}

static void augmentations(void **state)
{
	const struct {
		const char *letters;
		const unsigned char *data;
		size_t size;
		bool good;
	} cases[] = {
		{"zR", CODE(PCREL4), true},
		{"zPLR", CODE(DW_EH_PE_indirect | PCREL4, 1, 2, 3, 4, PCREL4, PCREL4), true},
		{"zPLR", CODE(DW_EH_PE_absptr, 1, 2, 3, 4, 5, 6, 7, 8, PCREL4, PCREL4), true},
		{"zRB", CODE(PCREL4), true},
		{"zR?", CODE(PCREL4, 9, 9), true}, /* unknown, but the length is known */
		{"zR", CODE(PCREL4, 9, 9), true},
		{"z?R", CODE(PCREL4), false}, /* the encoding is not: eight bytes are not there */
		{"zPR", CODE(DW_EH_PE_aligned, 0, PCREL4), false},
		{"zPR", CODE(PCREL4, 1, 2, 3), false}, /* cut off */
		{"zR", CODE(DW_EH_PE_indirect | PCREL4), false},
		{"zR", CODE(DW_EH_PE_omit), false},
		{"zR", CODE(DW_EH_PE_textrel | DW_EH_PE_sdata4), false},
		{"zR", CODE(DW_EH_PE_funcrel | DW_EH_PE_sdata4), false},
		{"zR", CODE(DW_EH_PE_aligned), false},
		{"zR", CODE(DW_EH_PE_pcrel | 0x0d), false},
		{"eh", CODE(0), false},
		{"R", CODE(PCREL4), false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct eh_frame frame = {0};
		struct seen seen;
		size_t cie = eh_frame__cie(&frame, cases[i].letters, cases[i].data, cases[i].size, CODE(USUAL));

		eh_frame__fde(&frame, cie, BEGIN, LENGTH, CODE(DW_CFA_nop));
		seen = read_frame(&frame);
		if (seen.count != cases[i].good || seen.refused != !cases[i].good)
			fail_msg("case %zu, \"%s\": %zu functions, %zu refused", i, cases[i].letters, seen.count,
				 seen.refused);
		if (seen.count) {
			assert_int_equal(seen.functions[0].begin, BEGIN);
			assert_int_equal(seen.functions[0].end, BEGIN + LENGTH);
		}
	}
}

/* Pointers to 0x2000, of 0x100 bytes; 0x5000 is what datarel counts from. */
static void pointers(void **state)
{
	const struct {
		unsigned int encoding;
		const unsigned char *bytes;
		size_t size;
	} cases[] = {
		{DW_EH_PE_absptr, CODE(0, 0x20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0)},
		{DW_EH_PE_udata8, CODE(0, 0x20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0)},
		{DW_EH_PE_sdata8, CODE(0, 0x20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0)},
		{DW_EH_PE_udata4, CODE(0, 0x20, 0, 0, 0, 1, 0, 0)},
		{DW_EH_PE_sdata4, CODE(0, 0x20, 0, 0, 0, 1, 0, 0)},
		{DW_EH_PE_udata2, CODE(0, 0x20, 0, 1)},
		{DW_EH_PE_sdata2, CODE(0, 0x20, 0, 1)},
		{DW_EH_PE_uleb128, CODE(0x80, 0x40, 0x80, 2)},
		{DW_EH_PE_sleb128, CODE(0x80, 0xc0, 0, 0x80, 2)},
		{DW_EH_PE_datarel | DW_EH_PE_sdata2, CODE(0, 0xd0, 0, 1)},
		{DW_EH_PE_datarel | DW_EH_PE_sdata4, CODE(0, 0xd0, 0xff, 0xff, 0, 1, 0, 0)},
		{DW_EH_PE_datarel | DW_EH_PE_sleb128, CODE(0x80, 0xa0, 0x7f, 0x80, 2)},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct eh_frame frame = {0};
		struct seen seen;
		size_t cie, start;

		cie = eh_frame__cie(&frame, "zR", CODE(cases[i].encoding), CODE(USUAL));
		start = frame.size;
		eh_frame__u32(&frame, 0);
		eh_frame__u32(&frame, frame.size - cie);
		eh_frame__bytes(&frame, cases[i].bytes, cases[i].size);
		eh_frame__u8(&frame, 0);
		eh_frame__close(&frame, start);
		seen = read_frame(&frame);
		if (seen.count != 1 || seen.functions[0].begin != 0x2000 || seen.functions[0].end != 0x2100)
			fail_msg("encoding %#x: %zu functions, from %#lx to %#lx", cases[i].encoding, seen.count,
				 seen.functions[0].begin, seen.functions[0].end);
	}
}

/* Entries of .debug_frame, in either format and all versions of a CIE. */
static void add_debug_entry(struct eh_frame *frame, bool wide, uint64_t id, const void *data, size_t size)
{
	if (wide) {
		eh_frame__u32(frame, UINT32_MAX);
		eh_frame__u64(frame, size + 8);
		eh_frame__u64(frame, id);
	} else {
		eh_frame__u32(frame, size + 4);
		eh_frame__u32(frame, id);
	}
	eh_frame__bytes(frame, data, size);
}

static void debug_frames(void **state)
{
	const struct {
		const unsigned char *cie;
		size_t size;
		bool good;
	} cases[] = {
		{CODE(1, 0, 1, 0x78, 16, USUAL), true},
		{CODE(3, 0, 1, 0x78, 0x90, 0, USUAL), true},
		{CODE(4, 0, 8, 0, 1, 0x78, 16, USUAL), true},
		{CODE(4, 0, 4, 0, 1, 0x78, 16, USUAL), false}, /* addresses of four bytes */
		{CODE(4, 0, 8, 1, 1, 0x78, 16, USUAL), false}, /* segments */
		{CODE(2, 0, 1, 0x78, 16, USUAL), false},
		{CODE(5, 0, 8, 0, 1, 0x78, 16, USUAL), false},
		{CODE(1, 'x', 'x', 'x'), false},
		{CODE(1, 0, 1, 0x78, 16, DW_CFA_advance_loc | 1), false}, /* a CIE is of no address */
		{CODE(1, 0, 1, 0x78, 16, DW_CFA_restore | 6), false},
	};
	uint64_t range[2] = {BEGIN, LENGTH};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases) * 2; i++) {
		struct eh_frame frame = {0};
		bool wide = i & 1, good = cases[i / 2].good;
		struct seen seen;

		eh_frame__u32(&frame, 0); /* no terminator here */
		add_debug_entry(&frame, wide, wide ? UINT64_MAX : UINT32_MAX, cases[i / 2].cie, cases[i / 2].size);
		add_debug_entry(&frame, wide, 4, range, sizeof(range));
		seen = read_bytes(frame.bytes, frame.size, true);
		if (seen.count != good || seen.refused != !good)
			fail_msg("case %zu: %zu functions, %zu refused", i, seen.count, seen.refused);
		if (good) {
			assert_int_equal(seen.functions[0].begin, BEGIN);
			assert_int_equal(seen.functions[0].end, BEGIN + LENGTH);
			check_rule(".debug_frame", &seen.rows[0].rule, &PLAIN(RSP, 8));
		}
		eh_frame__free(&frame);
	}
}

static void other_return_address(void **state)
{
	struct eh_frame frame = {0};
	struct seen seen;
	size_t cie;

	(void)state;
	cie = eh_frame__usual_cie(&frame);
	frame.bytes[cie + 14] = 15; /* after length, id, version, "zR", and two alignments */
	eh_frame__fde(&frame, cie, BEGIN, LENGTH, CODE(DW_CFA_nop));
	seen = read_frame(&frame);
	assert_int_equal(seen.refused, 1);
	assert_int_equal(seen.row_count, 1);
	check_rule("column 15", &seen.rows[0].rule, &PLAIN(UNSUPPORTED, 0));
}

/* AArch64's registers: 29 the frame pointer, 30 the return address, 31 the stack pointer. */
static struct seen run_aarch64(const unsigned char *code, size_t size)
{
	struct eh_frame frame = {0};
	struct seen seen;
	size_t cie = eh_frame__cie(&frame, "zR", CODE(PCREL4), CODE(DW_CFA_def_cfa, 31, 0));

	frame.bytes[cie + 14] = 30; /* the return address's column: see other_return_address() */
	eh_frame__fde(&frame, cie, BEGIN, LENGTH, code, size);
	seen = read_section(frame.bytes, frame.size, (struct cfi_section){.aarch64 = true});
	eh_frame__free(&frame);
	return seen;
}

static void aarch64(void **state)
{
	const struct {
		const char *what;
		const unsigned char *code;
		size_t size;
		struct mt_unwind_rule rule; /* the last */
	} programs[] = {
		{"leaf", CODE(DW_CFA_nop), PLAIN(RSP, 0)},
		{"leaf with locals", CODE(DW_CFA_def_cfa_offset, 32), PLAIN(RSP, 32)},
		{"usual frame", CODE(DW_CFA_def_cfa_offset, 48, DW_CFA_offset | 29, 6, DW_CFA_offset | 30, 5),
		 RULE(RSP, 48, AT_CFA, -48)},
		{"by x29", CODE(DW_CFA_def_cfa, 29, 48, DW_CFA_offset | 29, 6, DW_CFA_offset | 30, 5),
		 RULE(RBP, 48, AT_CFA, -48)},
		{"without x29", CODE(DW_CFA_def_cfa_offset, 16, DW_CFA_offset | 30, 2), RULE(RSP, 16, RETURN, -16)},
		{"signed",
		 CODE(DW_CFA_GNU_window_save, DW_CFA_def_cfa_offset, 16, DW_CFA_offset | 29, 2, DW_CFA_offset | 30, 1),
		 RULE(RSP, 16, AT_CFA, -16)},
		{"signed, with pc", CODE(0x2c, DW_CFA_def_cfa_offset, 16), PLAIN(RSP, 16)},
		{"the first function", CODE(DW_CFA_undefined, 30), PLAIN(END, 0)},
		{"x86's registers", CODE(DW_CFA_offset | 6, 2, DW_CFA_offset | 16, 1), PLAIN(RSP, 0)},
		{"x29 alone", CODE(DW_CFA_def_cfa_offset, 16, DW_CFA_offset | 29, 2), PLAIN(UNSUPPORTED, 0)},
		{"apart", CODE(DW_CFA_def_cfa_offset, 48, DW_CFA_offset | 29, 2, DW_CFA_offset | 30, 5),
		 PLAIN(UNSUPPORTED, 0)},
		{"x30 elsewhere", CODE(DW_CFA_register, 30, 5), PLAIN(UNSUPPORTED, 0)},
		{"by x5", CODE(DW_CFA_def_cfa_register, 5), PLAIN(UNSUPPORTED, 0)},
		{"x86's expression", CODE(DW_CFA_def_cfa_expression, 3, DW_OP_breg6, 0, DW_OP_deref),
		 PLAIN(UNSUPPORTED, 0)},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		struct seen seen = run_aarch64(programs[i].code, programs[i].size);

		assert_int_equal(seen.row_count, 1);
		check_rule(programs[i].what, &seen.rows[0].rule, &programs[i].rule);
		assert_int_equal(seen.refused, programs[i].rule.cfa == MT_CFA_UNSUPPORTED);
	}
}

/* More CIEs than are kept, used by turns, and each with what is its own. */
static void many_cies(void **state)
{
	struct eh_frame frame = {0};
	struct cfi_section section = {.address = EH_FRAME_ADDRESS};
	struct seen seen = {0};
	size_t cies[200];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cies); i++)
		cies[i] = eh_frame__cie(&frame, "zR", CODE(PCREL4), CODE(DW_CFA_def_cfa, 7, i, DW_CFA_offset | 16, 1));
	for (unsigned int i = 0; i < 16; i++)
		eh_frame__fde(&frame, cies[i * 37 % 120], BEGIN + i, 1, CODE(DW_CFA_nop));
	section.data = frame.bytes;
	section.size = frame.size;
	assert_int_equal(cfi__each_function(&section, see, &seen, &seen.refused), 0);
	assert_int_equal(seen.count, 16);
	for (unsigned int i = 0; i < 16; i++)
		check_rule("of its own CIE", &seen.rows[i].rule, &PLAIN(RSP, (int)(i * 37 % 120)));
	eh_frame__free(&frame);
}

static int stop(const struct cfi_function *function, void *cookie)
{
	(void)function;
	++*(int *)cookie;
	return 42;
}

static void visitor_stops(void **state)
{
	struct cfi_section section = {.address = EH_FRAME_ADDRESS};
	struct eh_frame frame = {0};
	size_t cie, refused = 0;
	int visits = 0;

	(void)state;
	cie = eh_frame__usual_cie(&frame);
	eh_frame__fde(&frame, cie, BEGIN, LENGTH, CODE(DW_CFA_nop));
	eh_frame__fde(&frame, cie, BEGIN + LENGTH, LENGTH, CODE(DW_CFA_nop));
	section.data = frame.bytes;
	section.size = frame.size;
	assert_int_equal(cfi__each_function(&section, stop, &visits, &refused), 42);
	assert_int_equal(visits, 1);
	eh_frame__free(&frame);
}

static void numbers(void **state)
{
	const struct {
		const unsigned char *bytes;
		size_t size;
		int64_t value;
		bool bad;
	} cases[] = {
		{CODE(0), 0, false},
		{CODE(0x3f), 63, false},
		{CODE(0x40), -64, false},
		{CODE(0x80, 0x7f), -128, false},
		{CODE(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f), INT64_MIN, false},
		{CODE(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0), INT64_MAX, false},
		{CODE(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1), 0, true},
		{CODE(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0), 0, true},
		{CODE(0x80), 0, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cursor cursor = {.at = cases[i].bytes, .end = cases[i].bytes + cases[i].size};
		int64_t value = cursor__sleb(&cursor);

		assert_int_equal(cursor.bad, cases[i].bad);
		if (!cursor.bad)
			assert_int_equal(value, cases[i].value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(locations),
		cmocka_unit_test(set_loc),
		cmocka_unit_test(cfa_by_register),
		cmocka_unit_test(cfa_by_expression),
		cmocka_unit_test(registers),
		cmocka_unit_test(return_addresses),
		cmocka_unit_test(remembered_states),
		cmocka_unit_test(signal_frames),
		cmocka_unit_test(augmentations),
		cmocka_unit_test(pointers),
		cmocka_unit_test(aarch64),
		cmocka_unit_test(debug_frames),
		cmocka_unit_test(other_return_address),
		cmocka_unit_test(many_cies),
		cmocka_unit_test(visitor_stops),
		cmocka_unit_test(numbers),
	};

	return cmocka_run_group_tests_name("unwind_cfi", tests, NULL, NULL);
}
