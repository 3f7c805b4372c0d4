/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Call frame information that lies: what is whole in it is read, what is not is counted, and there is an end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "cfi_seen.h"

static void bad_cie_pointers(void **state)
{
	struct eh_frame frame = {0};
	struct seen seen;
	size_t cie, fde, at;

	(void)state;
	cie = eh_frame__usual_cie(&frame);
	fde = eh_frame__fde(&frame, cie, BEGIN, LENGTH, CODE(DW_CFA_nop));
	eh_frame__fde(&frame, fde, BEGIN + 0x100, LENGTH, CODE(DW_CFA_nop)); /* an FDE */
	at = frame.size;
	eh_frame__fde(&frame, at, BEGIN + 0x200, LENGTH, CODE(DW_CFA_nop));                /* itself */
	eh_frame__fde(&frame, frame.size + 1000, BEGIN + 0x300, LENGTH, CODE(DW_CFA_nop)); /* before the section */
	eh_frame__fde(&frame, cie + 1, BEGIN + 0x400, LENGTH, CODE(DW_CFA_nop));           /* nowhere */
	eh_frame__fde(&frame, cie, BEGIN + 0x500, LENGTH, CODE(DW_CFA_nop));
	seen = read_frame(&frame);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.refused, 4);
	assert_int_equal(seen.functions[0].begin, BEGIN);
	assert_int_equal(seen.functions[1].begin, BEGIN + 0x500);
}

/* Entries that say they are longer than the section end it; those before them count. */
static void bad_lengths(void **state)
{
	static const uint64_t lengths[] = {0x1000, 0xfffffff0, 0xffffffff00000000, 0x00000100ffffffff,
					   0xffffffffffffffff};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct eh_frame frame = {0};
		struct seen seen;
		size_t cie = eh_frame__usual_cie(&frame);

		eh_frame__fde(&frame, cie, BEGIN, LENGTH, CODE(DW_CFA_nop));
		if (lengths[i] > UINT32_MAX)
			eh_frame__u32(&frame, UINT32_MAX);
		eh_frame__u64(&frame, lengths[i]);
		eh_frame__fde(&frame, cie, BEGIN + LENGTH, LENGTH, CODE(DW_CFA_nop));
		seen = read_frame(&frame);
		assert_int_equal(seen.count, 1);
		assert_int_equal(seen.refused, 1);
	}
}

static void ends(void **state)
{
	struct eh_frame frame = {0};
	struct seen seen;
	size_t cie;

	(void)state;
	cie = eh_frame__usual_cie(&frame);
	eh_frame__fde(&frame, cie, BEGIN, 0, CODE(DW_CFA_nop)); /* nothing left of it */
	eh_frame__fde(&frame, cie, BEGIN, LENGTH, CODE(DW_CFA_nop));
	eh_frame__u32(&frame, 0);
	eh_frame__fde(&frame, cie, BEGIN + LENGTH, LENGTH, CODE(DW_CFA_nop)); /* after the terminator */
	seen = read_frame(&frame);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.refused, 0);
}

/* Wherever it is cut, what is whole is read. */
static void truncated(void **state)
{
	struct eh_frame frame = {0};
	size_t cie, first, second;

	(void)state;
	cie = eh_frame__usual_cie(&frame);
	eh_frame__fde(&frame, cie, BEGIN, LENGTH, CODE(ADVANCE(1), DW_CFA_def_cfa_offset, 16));
	first = frame.size;
	eh_frame__fde(&frame, cie, BEGIN + LENGTH, LENGTH, CODE(DRAP));
	second = frame.size;
	for (size_t size = 0; size <= second; size++) {
		struct seen seen = read_bytes(frame.bytes, size, false);

		assert_int_equal(seen.count, (size >= first) + (size == second));
		assert_true(seen.refused <= 1);
	}
	eh_frame__free(&frame);
}

/* Two long CIEs, where there is room for one, used by turns: they are not read again for ever. */
static void long_cies(void **state)
{
	enum { PADDED = 65536, TURNS = 12 };
	unsigned char *code = calloc(1, PADDED);
	struct eh_frame frame = {0};
	size_t cies[2], expected;
	struct seen seen;

	(void)state;
	assert_non_null(code);
	memcpy(code, (const unsigned char[]){USUAL}, sizeof((const unsigned char[]){USUAL}));
	for (size_t i = 0; i < ARRAY_SIZE(cies); i++)
		/* Entries of 65536 bytes: 8 before what is its body, 9 before its instructions. */
		cies[i] = eh_frame__cie(&frame, "zR", CODE(PCREL4), code, PADDED - 8 - 9);
	for (unsigned int i = 0; i < TURNS; i++)
		eh_frame__fde(&frame, cies[i % 2], BEGIN + i * LENGTH, LENGTH, CODE(DW_CFA_nop));
	expected = (65536 + 2 * frame.size) / (PADDED - 8);
	assert_int_equal(expected, 5);
	seen = read_frame(&frame);
	assert_int_equal(seen.count, expected);
	assert_int_equal(seen.refused, TURNS - expected);
	free(code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_cie_pointers), cmocka_unit_test(bad_lengths), cmocka_unit_test(ends),
		cmocka_unit_test(truncated),        cmocka_unit_test(long_cies),
	};

	return cmocka_run_group_tests_name("unwind_cfi_hostile", tests, NULL, NULL);
}
