/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ELF file as foreign bytes: every offset in it is checked before it is used (libelf does not do that for all).
 * 64-bit little-endian programs and shared libraries for x86-64 and arm64 only.
 */
#ifndef MEMTRAWL_TARGET_ELF_FILE_H
#define MEMTRAWL_TARGET_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

struct elf_file;

/*
 * Takes a copy of the descriptor (dup). Refuses what is no ELF file, is truncated, of another machine or class, or has
 * tables that point outside of it; `name` is for the message. Files are mapped read-only and may be cut short under
 * us: the parser reads through pread-backed copies, never through a mapping of the file itself. Returns 0, or -ENOEXEC,
 * -EFBIG, -EIO, -ENOMEM with *file NULL.
 */
int elf_file__open(int fd, const char *name, struct elf_file **file, struct error *err);
/*
 * The same of files without code too, which have sections only: dwz makes such ones (ET_REL, no program headers). Their
 * build id is that of the section .note.gnu.build-id.
 */
int elf_file__open_any(int fd, const char *name, struct elf_file **file, struct error *err);
/* The same as elf_file__open() of bytes in memory, which must outlive it. */
int elf_file__open_image(const void *image, size_t size, const char *name, struct elf_file **file, struct error *err);
void elf_file__free(struct elf_file *file);

/* Closes the descriptor: what was read stays (names from elf_file__each_function() too), reading anew gives nothing. */
void elf_file__release(struct elf_file *file);

/* GNU build id as lower-case hex, from PT_NOTE (so stripped section headers do not matter), or NULL. Owned by file. */
const char *elf_file__build_id(const struct elf_file *file);

/* File offset of a virtual address through the PT_LOAD segments; false if in none (or only in its zero-filled part). */
bool elf_file__offset_of(const struct elf_file *file, uint64_t address, uint64_t *offset);
/* The other way round. */
bool elf_file__address_of(const struct elf_file *file, uint64_t offset, uint64_t *address);

/* Reads code or data at a file offset; returns the number of bytes read, which is less at the end of the file. */
size_t elf_file__read(const struct elf_file *file, uint64_t offset, void *data, size_t size);

/* EM_X86_64 or EM_AARCH64. */
uint16_t elf_file__machine(const struct elf_file *file);

struct elf_segment {
	uint32_t type;        /* PT_* */
	bool executable;      /* PF_X */
	uint64_t address;     /* p_vaddr */
	uint64_t memory_size; /* for PT_LOAD: address + memory_size does not overflow */
	uint64_t offset;
	uint64_t file_size; /* for PT_LOAD, PT_NOTE and PT_DYNAMIC: these bytes are in the file */
};

/* The program header of that index; false if there is none. */
bool elf_file__segment(const struct elf_file *file, size_t index, struct elf_segment *segment);

struct elf_section {
	uint64_t address; /* sh_addr */
	uint64_t offset;
	uint64_t size;   /* these bytes are in the file */
	bool compressed; /* SHF_COMPRESSED */
};

/* The first section of that name which has bytes in the file; false if there is none, or it points outside of it. */
bool elf_file__section(const struct elf_file *file, const char *name, struct elf_section *section);

/* Has a .symtab; .dynsym only otherwise. */
bool elf_file__has_symtab(const struct elf_file *file);

struct elf_symbol {
	const char *name; /* as in the table, version suffix ("@GLIBC_2.2.5") taken off; valid until elf_file__free() */
	uint64_t address; /* st_value */
	uint64_t offset;  /* its file offset */
	uint64_t size;    /* st_size, may be 0 */
	bool global;      /* STB_GLOBAL or STB_WEAK: bound by the dynamic linker's rules */
	bool dynamic;     /* from .dynsym */
};

/*
 * Calls `visit` for each defined function symbol (STT_FUNC, STT_GNU_IFUNC left out) of .dynsym, found through
 * PT_DYNAMIC where there are no section headers, and then of .symtab. Stops when it returns non-zero, and returns that;
 * otherwise 0, or -ENOMEM or -EIO when a table could not be read. Names are as long as the file has them: bound them.
 */
int elf_file__each_function(const struct elf_file *file, int (*visit)(const struct elf_symbol *symbol, void *cookie),
			    void *cookie);

/*
 * The same, with the file offsets taken from the segments of `layout`: a file of debugging information has the symbols
 * of another file, and not its code.
 */
int elf_file__each_function_by(const struct elf_file *file, const struct elf_file *layout,
			       int (*visit)(const struct elf_symbol *symbol, void *cookie), void *cookie);

/* The same for variables (STT_OBJECT), of which those that begin as zeroes are in no file: `offset` is 0 for all. */
int elf_file__each_variable(const struct elf_file *file, int (*visit)(const struct elf_symbol *symbol, void *cookie),
			    void *cookie);

/* The value of an entry of the dynamic section (DT_*); false if there is none. */
bool elf_file__dynamic_value(const struct elf_file *file, int64_t tag, uint64_t *value);

/* The name of a symbol of .dynsym, defined or not, by its index; NULL if there is no such. Valid as elf_symbol.name. */
const char *elf_file__dynamic_symbol_name(const struct elf_file *file, uint64_t index);

#endif
