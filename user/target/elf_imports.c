/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/elf_imports.h"

#include <elf.h>
#include <string.h>

enum { RELOCATIONS_MAX = 1 << 20 }; /* looked through for one slot; 24 MiB */

/*
 * The forms that linkers write: "jmp *disp(%rip)", with "bnd" or "endbr64" before it (x86-64 psABI, 5.2). Gives the
 * address of the slot.
 */
static bool is_stub(const struct elf_file *file, uint64_t address, uint64_t *slot)
{
	static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
	uint8_t code[16] = {0};
	uint64_t offset;
	int32_t distance;
	size_t i = 0;

	if (!elf_file__offset_of(file, address, &offset) ||
	    elf_file__read(file, offset, code, sizeof(code)) < sizeof(code))
		return false;
	if (!memcmp(code, endbr64, sizeof(endbr64)))
		i += sizeof(endbr64);
	if (code[i] == 0xf2)
		i++;
	if (code[i] != 0xff || code[i + 1] != 0x25)
		return false;
	memcpy(&distance, code + i + 2, sizeof(distance));
	*slot = address + i + 6 + (uint64_t)(int64_t)distance;
	return true;
}

static const char *find_slot(const struct elf_file *file, uint64_t table, uint64_t size, uint64_t slot)
{
	Elf64_Rela relocations[256];
	uint64_t offset, count = size / sizeof(relocations[0]);

	if (!elf_file__offset_of(file, table, &offset))
		return NULL;
	if (count > RELOCATIONS_MAX)
		count = RELOCATIONS_MAX;
	for (uint64_t i = 0; i < count; i += sizeof(relocations) / sizeof(relocations[0])) {
		size_t wanted = (size_t)(count - i) * sizeof(relocations[0]);
		size_t n = elf_file__read(file, offset + i * sizeof(relocations[0]), relocations,
					  wanted < sizeof(relocations) ? wanted : sizeof(relocations));

		for (size_t j = 0; j < n / sizeof(relocations[0]); j++)
			if (relocations[j].r_offset == slot)
				return elf_file__dynamic_symbol_name(file, ELF64_R_SYM(relocations[j].r_info));
	}
	return NULL;
}

const char *elf_imports__stub(const struct elf_file *file, uint64_t address)
{
	uint64_t slot, table, size;
	const char *name = NULL;

	if (!is_stub(file, address, &slot))
		return NULL;
	if (elf_file__dynamic_value(file, DT_JMPREL, &table) && elf_file__dynamic_value(file, DT_PLTRELSZ, &size))
		name = find_slot(file, table, size, slot);
	if (!name && elf_file__dynamic_value(file, DT_RELA, &table) && elf_file__dynamic_value(file, DT_RELASZ, &size))
		name = find_slot(file, table, size, slot);
	return name;
}
