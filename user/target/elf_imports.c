/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/elf_imports.h"

#include <elf.h>
#include <string.h>

enum { RELOCATIONS_MAX = 1 << 20 }; /* looked through for one slot; 24 MiB */

/*
 * The forms that linkers write: "jmp *disp(%rip)", with "bnd" or "endbr64" before it (x86-64 psABI, 5.2). Gives the
 * address of the slot.
 */
static bool is_plt_entry(const struct elf_file *file, uint64_t address, uint64_t *slot)
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

/* Calls `visit` for each relocation of a table until it returns true. */
static bool each_relocation(const struct elf_file *file, int64_t table_tag, int64_t size_tag,
			    bool (*visit)(const struct elf_file *file, const Elf64_Rela *relocation, void *cookie),
			    void *cookie)
{
	Elf64_Rela relocations[256];
	uint64_t offset, table, size, count;

	if (!elf_file__dynamic_value(file, table_tag, &table) || !elf_file__dynamic_value(file, size_tag, &size) ||
	    !elf_file__offset_of(file, table, &offset))
		return false;
	count = size / sizeof(relocations[0]);
	if (count > RELOCATIONS_MAX)
		count = RELOCATIONS_MAX;
	for (uint64_t i = 0; i < count; i += sizeof(relocations) / sizeof(relocations[0])) {
		size_t wanted = (size_t)(count - i) * sizeof(relocations[0]);
		size_t n = elf_file__read(file, offset + i * sizeof(relocations[0]), relocations,
					  wanted < sizeof(relocations) ? wanted : sizeof(relocations));

		for (size_t j = 0; j < n / sizeof(relocations[0]); j++)
			if (visit(file, &relocations[j], cookie))
				return true;
	}
	return false;
}

/* The linkage table's relocations, and where a file is bound at start-up (-z now), the others. */
static bool each_import(const struct elf_file *file,
			bool (*visit)(const struct elf_file *file, const Elf64_Rela *relocation, void *cookie),
			void *cookie)
{
	return each_relocation(file, DT_JMPREL, DT_PLTRELSZ, visit, cookie) ||
	       each_relocation(file, DT_RELA, DT_RELASZ, visit, cookie);
}

struct import {
	const char *name;
	uint64_t slot;
};

static bool match_slot(const struct elf_file *file, const Elf64_Rela *relocation, void *cookie)
{
	struct import *import = cookie;

	if (relocation->r_offset != import->slot)
		return false;
	import->name = elf_file__dynamic_symbol_name(file, ELF64_R_SYM(relocation->r_info));
	return true;
}

static bool match_name(const struct elf_file *file, const Elf64_Rela *relocation, void *cookie)
{
	struct import *import = cookie;
	const char *name;

	if (!ELF64_R_SYM(relocation->r_info))
		return false;
	name = elf_file__dynamic_symbol_name(file, ELF64_R_SYM(relocation->r_info));
	if (!name || strcmp(name, import->name))
		return false;
	import->slot = relocation->r_offset;
	return true;
}

const char *elf_imports__plt_entry(const struct elf_file *file, uint64_t address)
{
	struct import import = {0};

	if (is_plt_entry(file, address, &import.slot))
		each_import(file, match_slot, &import);
	return import.name;
}

bool elf_imports__slot(const struct elf_file *file, const char *name, uint64_t *slot)
{
	struct import import = {.name = name};

	if (!each_import(file, match_name, &import))
		return false;
	*slot = import.slot;
	return true;
}
