/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of an ELF file by file offset. */
#ifndef MEMTRAWL_SYMBOLS_SYMTAB_H
#define MEMTRAWL_SYMBOLS_SYMTAB_H

#include <stddef.h>
#include <stdint.h>

#include "target/elf_file.h"

struct symtab;

/*
 * Of the tables of one or several files, with the file offsets of the first one, which has the code. Keeps pointers
 * into the files, which must live as long. Returns 0, or -ENOMEM or -EIO.
 */
int symtab__new(const struct elf_file *const *files, size_t count, struct symtab **symtab);
void symtab__free(struct symtab *symtab);
size_t symtab__count(const struct symtab *symtab);

/*
 * The name, mangled, of the function with this offset in it, or NULL. Of several that begin at one place, a sized one
 * is preferred, then a global one, then the one with fewer underscores in front (malloc, not __libc_malloc).
 */
const char *symtab__find(const struct symtab *symtab, uint64_t offset);

#endif
