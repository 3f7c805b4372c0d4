/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A private copy of what libdw needs of an ELF file, as an image of the file with holes: the headers and the debug
 * sections are at their offsets, all else is zero and takes no memory. libelf mapping the file itself would die with
 * a file that is cut short, and sections that libelf reads one by one have nothing after their last byte: libdw 0.188
 * reads beyond it when a string or number there has no end. Here that finds the next bytes of the file, or zeroes.
 */
#ifndef MEMTRAWL_SYMBOLS_DEBUG_IMAGE_H
#define MEMTRAWL_SYMBOLS_DEBUG_IMAGE_H

#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>

struct debug_image {
	char *data;  /* NULL for none */
	size_t size; /* the file's; a page of zeroes follows */
	bool refers; /* to another file, with what several of them share (.gnu_debugaltlink, made by dwz) */
};

/* False where the file has no debug sections, or such that would take too much memory, decompressed. */
bool debug_image__read(int fd, struct debug_image *image);
void debug_image__free(struct debug_image *image);

/* Whether the string sections end in a NUL, which libdw counts on; to be asked once it has decompressed them. */
bool debug_image__strings_end(Elf *elf);

#endif
