/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unwind tables say what libdw says of the same addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/array.h"
#include "unwind_files.h"

static int64_t operand(const Dwarf_Op *op, unsigned int reg)
{
	if (op->atom == DW_OP_breg0 + reg)
		return (int64_t)op->number;
	return op->atom == DW_OP_bregx && op->number == reg ? (int64_t)op->number2 : INT64_MIN;
}

static bool dw_cfa(Dwarf_Frame *frame, struct mt_unwind_rule *rule)
{
	Dwarf_Op *ops;
	size_t count;

	if (dwarf_frame_cfa(frame, &ops, &count))
		return false;
	if (count == 1 && operand(ops, 7) != INT64_MIN) {
		rule->cfa = MT_CFA_RSP;
		rule->cfa_offset = (int32_t)operand(ops, 7);
	} else if (count == 1 && operand(ops, 6) != INT64_MIN) {
		rule->cfa = MT_CFA_RBP;
		rule->cfa_offset = (int32_t)operand(ops, 6);
	} else if (count == 2 && operand(ops, 6) != INT64_MIN && ops[1].atom == DW_OP_deref) {
		rule->cfa = MT_CFA_RBP_DEREF;
		rule->cfa_offset = (int32_t)operand(ops, 6);
	} else if (count == 9 && ops[0].atom == DW_OP_breg7 && ops[1].atom == DW_OP_breg16 &&
		   ops[8].atom == DW_OP_plus) {
		rule->cfa = MT_CFA_PLT;
		rule->cfa_offset = ops[4].atom - DW_OP_lit0;
	} else {
		return false;
	}
	return true;
}

static bool dw_rbp(Dwarf_Frame *frame, struct mt_unwind_rule *rule)
{
	Dwarf_Op memory[3], *ops;
	size_t count;

	if (dwarf_frame_register(frame, 6, memory, &ops, &count))
		return false;
	if (count == 0) /* same or undefined */
		return true;
	if (ops[0].atom == DW_OP_call_frame_cfa && (count == 1 || (count == 2 && ops[1].atom == DW_OP_plus_uconst))) {
		rule->rbp = MT_RBP_AT_CFA;
		rule->rbp_offset = count == 2 ? (int16_t)ops[1].number : 0;
		return true;
	}
	/* An expression begins with the CFA on its stack (DWARF 5, section 6.4.2.3). */
	if (count == 2 && ops[0].atom == DW_OP_call_frame_cfa && operand(&ops[1], 6) != INT64_MIN) {
		rule->rbp = MT_RBP_AT_RBP;
		rule->rbp_offset = (int16_t)operand(&ops[1], 6);
		return true;
	}
	return false;
}

static struct mt_unwind_rule dw_rule(Dwarf_CFI *cfi, uint64_t address)
{
	struct mt_unwind_rule rule = {0};
	Dwarf_Frame *frame;
	Dwarf_Op memory[3], *ops;
	size_t count;
	bool signal, supported, end = false;

	if (dwarf_cfi_addrframe(cfi, address, &frame))
		return rule;
	(void)dwarf_frame_info(frame, NULL, NULL, &signal);
	supported = dw_cfa(frame, &rule) && dw_rbp(frame, &rule);
	if (dwarf_frame_register(frame, 16, memory, &ops, &count))
		supported = false;
	else if (count == 0 && ops == memory)
		end = true;
	else if (count != 2 || ops[0].atom != DW_OP_call_frame_cfa || (int64_t)ops[1].number != -8)
		supported = false;
	free(frame);
	if (signal)
		return (struct mt_unwind_rule){.cfa = MT_CFA_SIGNAL};
	if (end)
		return (struct mt_unwind_rule){.cfa = MT_CFA_END};
	return supported ? rule : (struct mt_unwind_rule){.cfa = MT_CFA_UNSUPPORTED};
}

/* At each row, and at the byte before it. Returns the number of addresses compared. */
static size_t compare_with_libdw(const char *name, Dwarf_CFI *cfi, const struct unwind_table *table, size_t every)
{
	size_t compared = 0;

	for (size_t i = 0; i < table->page_count; i++) {
		for (uint32_t j = 0; j < table->pages[i].count; j += every) {
			uint64_t address = ((table->first_page + i) << MT_UNWIND_PAGE_SHIFT) +
					   (table->rows[table->pages[i].first + j] & 0xffff);

			for (uint64_t k = 0; k < 2; k++, compared++) {
				struct mt_unwind_rule want = dw_rule(cfi, address - k);
				const struct mt_unwind_rule *got = unwind_table__find(table, address - k);

				if (memcmp(&want, got, sizeof(want)) != 0)
					fail_msg("%s, %#lx: cfa %u%+d rbp %u%+d, libdw has %u%+d %u%+d", name,
						 address - k, got->cfa, got->cfa_offset, got->rbp, got->rbp_offset,
						 want.cfa, want.cfa_offset, want.rbp, want.rbp_offset);
			}
		}
	}
	return compared;
}

static size_t compare_file(const char *path, size_t every)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct unwind_table table;
	Dwarf_CFI *cfi;
	size_t compared;
	Elf *elf;

	if (fd < 0)
		return 0;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	assert_non_null(elf);
	cfi = dwarf_getcfi_elf(elf);
	assert_non_null(cfi);
	table = compile_path(path);
	compared = compare_with_libdw(path, cfi, &table, every);
	unwind_table__free(&table);
	dwarf_cfi_end(cfi);
	elf_end(elf);
	close(fd);
	return compared;
}

static void agrees_with_libdw(void **state)
{
	static const char *const others[] = {"/usr/bin/redis-server", "/usr/bin/python3"};
	uint64_t begin, end;
	char path[4096];

	(void)state;
	find_mapping("/libc.so.6", path, sizeof(path), &begin, &end);
	if (*path)
		assert_true(compare_file(path, 1) > 20000);
	assert_true(compare_file("/proc/self/exe", 1) > 500);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		(void)compare_file(others[i], 7);
}

static void vdso(void **state)
{
	struct unwind_table table;
	struct error err = {0};
	uint64_t begin, end;
	char path[4096];
	Dwarf_CFI *cfi;
	Elf *elf;

	(void)state;
	find_mapping("[vdso]", path, sizeof(path), &begin, &end);
	if (!*path)
		skip();
	if (compile_image((const void *)begin, end - begin, &table, &err))
		fail_msg("%s", err.text);
	check_table(&table);
	assert_true(table.row_count > 10);
	elf_version(EV_CURRENT);
	elf = elf_memory((char *)begin, end - begin);
	assert_non_null(elf);
	cfi = dwarf_getcfi_elf(elf);
	assert_non_null(cfi);
	assert_true(compare_with_libdw("vdso", cfi, &table, 1) > 20);
	dwarf_cfi_end(cfi);
	elf_end(elf);
	unwind_table__free(&table);
	/* Cut short anywhere, it may be refused, and is not read beyond. */
	for (size_t size = 0; size < end - begin; size += 97) {
		void *copy = malloc(size + 1);

		assert_non_null(copy);
		memcpy(copy, (const void *)begin, size);
		if (!compile_image(copy, size, &table, &err))
			check_table(&table);
		unwind_table__free(&table);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_libdw),
		cmocka_unit_test(vdso),
	};

	return cmocka_run_group_tests_name("unwind_libdw", tests, NULL, NULL);
}
