/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What libdw needs of an ELF file: the file itself, mapped. Sections that libelf reads one by one have nothing after
 * their last byte, and libdw 0.188 reads beyond it when a string or number there has no end; here that finds the next
 * bytes of the file, or zeroes. A file that is cut short meanwhile kills who looks at it: the sandbox's child.
 */
#ifndef MEMTRAWL_SYMBOLS_DEBUG_IMAGE_H
#define MEMTRAWL_SYMBOLS_DEBUG_IMAGE_H

#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>

struct debug_image {
	char *data;      /* NULL for none */
	size_t size;     /* the file's; a page of zeroes follows */
	bool compressed; /* some sections: libelf notes in the image that it has decompressed them */
	bool refers;     /* to another file, with what several of them share (.gnu_debugaltlink, made by dwz) */
};

/* False where the file has no debug sections, or such that would take too much memory, decompressed. */
bool debug_image__read(int fd, struct debug_image *image);
void debug_image__free(struct debug_image *image);

/*
 * Gives back the memory that its pages have come to take: those needed again are read again. Not of an image with
 * compressed sections.
 */
void debug_image__rest(const struct debug_image *image);

/* Whether the string sections end in a NUL, which libdw counts on; to be asked once it has decompressed them. */
bool debug_image__strings_end(Elf *elf);

#endif
