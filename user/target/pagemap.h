/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which pages of a process are in memory, by its page tables, and who made each: the kernel's truth put together with
 * the records of page faults (bpf/page_words.h).
 */
#ifndef MEMTRAWL_TARGET_PAGEMAP_H
#define MEMTRAWL_TARGET_PAGEMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "memtrawl.h"
#include "target/process.h"
#include "target/smaps.h"

/* Of /proc/PID/pagemap (Documentation/admin-guide/mm/pagemap.rst). */
#define PAGEMAP_PRESENT   (1ULL << 63)
#define PAGEMAP_SWAPPED   (1ULL << 62)
#define PAGEMAP_FILE      (1ULL << 61) /* of a file, or shared */
#define PAGEMAP_EXCLUSIVE (1ULL << 56) /* nobody else maps it; since 4.2 */
#define PAGEMAP_FRAME     ((1ULL << 55) - 1)

/* Of /proc/kpageflags. */
#define FRAME_HEAD (1ULL << 15) /* the first of a page larger than this machine's smallest */
#define FRAME_TAIL (1ULL << 16)
#define FRAME_ZERO (1ULL << 24)

enum page_state {
	PAGE_ABSENT, /* nothing there that is the process's own: files, shared memory and the page of zeroes are not */
	PAGE_RESIDENT,
	PAGE_OUT, /* swapped out */
};

/* Some pages of one block of 2 MiB: [first, limit). */
struct pagemap_block {
	uint64_t number; /* address >> MT_PAGES_SHIFT */
	uint32_t first, limit;
	uint64_t entries[MT_PAGES]; /* of pagemap */
	uint64_t frames[MT_PAGES];  /* of kpageflags, where they were asked for; else 0 */
};

/* What the kernel says of page i of the block. Its frame's flags must be there, unless nobody else maps it. */
enum page_state pagemap__state(const struct pagemap_block *block, uint32_t i);

/*
 * Who made each page that is resident or swapped out: the word that was recorded for it, 0 for the others, or where
 * nothing was. Of a page larger than the smallest one, one fault has made all: where only one stack is recorded in
 * such a page, parts of it without a record are that one's, too. So they are if it was cut since (MT_PAGE_GUESS).
 */
void pagemap__assign(const struct pagemap_block *block, const uint64_t words[MT_PAGES], uint64_t owners[MT_PAGES]);

struct pagemap {
	int pages, frames; /* descriptors; `frames` is -1 where the kernel has none */
};

int pagemap__open(const struct process *process, struct pagemap *pagemap, struct error *err);
void pagemap__close(struct pagemap *pagemap);

/* Reads the frames' flags of pages that somebody else may map, and (words not NULL) of those without a record. */
void pagemap__read_frames(const struct pagemap *pagemap, struct pagemap_block *block, const uint64_t *words);

/* The block is valid during the call, and the visitor's to change. Anything but 0 ends the walk. */
typedef int pagemap_visitor(void *context, struct pagemap_block *block);

/*
 * Visits all blocks with pages of mappings that have private pages in memory or swapped out; one that several mappings
 * are in, several times. Returns what a visit ended the walk with, or -errno.
 */
int pagemap__each(const struct pagemap *pagemap, const struct smaps *smaps, pagemap_visitor *visit, void *context);

#endif
