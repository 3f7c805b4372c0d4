/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which words of memory are jemalloc's own account of a block. It keeps a record of each extent, which is a large
 * block, or some pages of small ones; the record is elsewhere, and has the extent's address, which is a block's, too.
 * Taken for a pointer of the program's it would hide that the block is lost.
 */
#ifndef MEMTRAWL_ANALYZE_JEMALLOC_WORDS_H
#define MEMTRAWL_ANALYZE_JEMALLOC_WORDS_H

#include <stdbool.h>
#include <stdint.h>

/* Records are at multiples of it, and the extent's address is their second word. */
enum { JEMALLOC_RECORD_ALIGNMENT = 64 };

/*
 * Is `address` that of the extent in a record? `before` and `after` are the words around it, e_bits and e_size_esn
 * (jemalloc 5.0 to 5.3: struct extent_s in extent_structs.h, struct edata_s in edata.h). A block of `size` bytes begins
 * at the address. The record must have its size class by number, one of 232, and the extent a size that jemalloc gives
 * to such blocks, so that words of a program's own are hardly ever taken for a record.
 */
bool jemalloc_words__is_record(uint64_t before, uint64_t address, uint64_t after, uint64_t size);

/* The number of the smallest size class that has room for `size` bytes: 0 for 8, 1 for 16, 2 for 32, 8 for 128 ... */
unsigned jemalloc_words__class_of(uint64_t size);

#endif
