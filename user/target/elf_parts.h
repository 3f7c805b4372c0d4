/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an open ELF file is, for those of its parts that are in files of their own; others have elf_file.h. */
#ifndef MEMTRAWL_TARGET_ELF_PARTS_H
#define MEMTRAWL_TARGET_ELF_PARTS_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

/* Entries of a dynamic section that are looked at. */
#define ELF_DYNAMIC_MAX 4096

/* One symbol table with its strings, which are read when they are first asked for. */
struct symbol_table {
	bool present;
	uint64_t offset, count;
	uint64_t strings_offset, strings_size;
	char *strings; /* with a NUL after its last byte; NULL until read */
};

struct elf_file {
	int fd; /* -1: the bytes are in memory, or it has been released */
	bool may_lack_code;
	const unsigned char *image;
	uint64_t size;
	Elf64_Ehdr header;
	Elf64_Phdr *segments;
	size_t segment_count;
	char *build_id;
	struct symbol_table *tables; /* of ELF_TABLE_COUNT; apart, so that strings can be read for a const elf_file */
};

enum { ELF_TABLE_DYNSYM, ELF_TABLE_SYMTAB, ELF_TABLE_COUNT };

/* Exactly so many bytes; false if the file ends before. */
bool elf_parts__read_exact(const struct elf_file *file, uint64_t offset, void *data, size_t size);
/* Whether [offset, offset + size) lies in the file. */
bool elf_parts__in_file(const struct elf_file *file, uint64_t offset, uint64_t size);

/* How many section headers there are, all of them in the file; 0 if there are none. -ENOEXEC or -EFBIG. */
int elf_parts__count_sections(const struct elf_file *file, uint64_t *count, const char *name, struct error *err);
bool elf_parts__read_section(const struct elf_file *file, uint64_t index, Elf64_Shdr *section);

/* Finds file->tables, by section headers or else by the dynamic section. 0, -ENOEXEC, -EFBIG or -EIO. */
int elf_symbols__find(struct elf_file *file, const char *name, struct error *err);

#endif
