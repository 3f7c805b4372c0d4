/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The symbol table that Fedora and others leave in stripped files: .gnu_debugdata, an ELF file compressed by xz
 * ("MiniDebugInfo" in GDB's manual).
 */
#ifndef MEMTRAWL_SYMBOLS_DEBUG_DATA_H
#define MEMTRAWL_SYMBOLS_DEBUG_DATA_H

#include "target/elf_file.h"

/* Its bytes, of at most 256 MiB, for the caller to free; NULL if there are none, or too many, or damaged ones. */
void *debug_data__read(const struct elf_file *file, size_t *size);

#endif
