/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls that a file makes through its procedure linkage table, by name. */
#ifndef MEMTRAWL_TARGET_ELF_IMPORTS_H
#define MEMTRAWL_TARGET_ELF_IMPORTS_H

#include "target/elf_file.h"

/*
 * If the code at `address` is a PLT entry, a jump through a slot which the dynamic linker fills: the name of the symbol
 * that it fills it with (x86-64). NULL if it is none or the slot has no relocation. Valid until elf_file__free().
 */
const char *elf_imports__plt_entry(const struct elf_file *file, uint64_t address);

/* The address of the slot through which the file calls `name`; false if it does not import it. */
bool elf_imports__slot(const struct elf_file *file, const char *name, uint64_t *slot);

#endif
