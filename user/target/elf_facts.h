/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is to be known of an ELF file before anything else is read of it, found out in the sandbox. */
#ifndef MEMTRAWL_TARGET_ELF_FACTS_H
#define MEMTRAWL_TARGET_ELF_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"
#include "sandbox/wire.h"

/* Bytes of the file that are mapped: what a PT_LOAD says. */
struct elf_load {
	uint64_t address, offset, size;
	bool executable;
};

struct elf_facts {
	char *build_id;         /* lower-case hex; NULL if it has none */
	char *debug_link;       /* file name of its debugging information (.gnu_debuglink), without folder; or NULL */
	uint32_t debug_crc;     /* that file's CRC-32, as zlib has it */
	char *alt_link;         /* path of what several files' debugging information has in common; or NULL */
	char *alt_build_id;     /* of that (.gnu_debugaltlink, made by dwz) */
	bool has_debug_info;    /* .debug_info, or .zdebug_info */
	bool has_symtab;        /* .symtab: the names of local functions, too */
	struct elf_load *loads; /* in the file's order */
	size_t load_count;
};

/*
 * Has the file read, one without code too. Returns 0, or -errno: what elf_file__open_any() says, or that the sandbox
 * could not be asked. *facts is emptied first, and freed by elf_facts__free() in any case.
 */
int elf_facts__read(int fd, const char *name, struct elf_facts *facts, struct error *err);
void elf_facts__free(struct elf_facts *facts);

/* Its second half: what the sandbox has answered. 0, -ENOMEM or -EPROTO; freed in any case. */
int elf_facts__parse_reply(struct wire *wire, struct elf_facts *facts);

/* The virtual address of a file offset; false if it is not mapped. Of two, the executable one is meant. */
bool elf_facts__address_of(const struct elf_facts *facts, uint64_t offset, uint64_t *address);

/* Only the build id, malloc'ed; NULL if there is none, or it could not be read. */
char *elf_facts__build_id(int fd, const char *name);

#endif
