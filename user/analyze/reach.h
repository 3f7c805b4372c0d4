/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which blocks of memory nothing points to any more: a conservative mark, in which every aligned word that has the
 * value of an address in a block counts as a pointer to it. Such words hide lost blocks; they never make one.
 *
 * The words are those of Valgrind's manual (memcheck, 4.2.8), which LeakSanitizer's users know as well. A start pointer
 * has the address of a block's first byte, an interior one that of another byte of it, or of the byte behind it where
 * no other block begins, and which is not where an allocator may keep what it knows of that byte. Of lost blocks that
 * point at each other in a ring, the one with the lowest address is taken to be the definitely lost one.
 *
 * The words of memory are looked at once, in the order of their addresses, and become a graph of blocks; what is
 * reached is found in that. So memory need not be read twice, nor kept.
 */
#ifndef MEMTRAWL_ANALYZE_REACH_H
#define MEMTRAWL_ANALYZE_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "analyze/block_index.h"
#include "profile/profile.h"

struct reach;

struct reach_rules {
	uint64_t pointer_mask; /* the bits of a word that are an address; 0: all */
	bool jemalloc;         /* its own records do not count (analyze/jemalloc_words.h) */
};

/*
 * Over `count` blocks, as block_index__new() wants them; borrowed. Memory, beside the index's: 13 bytes a block and 4
 * for each pointer in one. NULL when memory is short.
 */
struct reach *reach__new(const struct block_span *blocks, size_t count, const struct reach_rules *rules);
void reach__free(struct reach *reach);

/* A word that points to a block. */
struct reach_pointer {
	uint64_t at;     /* its address; 0 for a register */
	pid_t tid;       /* of a register: whose; else 0 */
	uint32_t source; /* the block that holds it, or BLOCK_NONE */
	uint32_t target;
	bool interior;
};

typedef void reach_watcher(void *context, const struct reach_pointer *pointer);

/* Before anything is scanned: has `watcher` told of each pointer to a block i with targets[i] set; borrowed. */
void reach__watch(struct reach *reach, const bool *targets, reach_watcher *watcher, void *context);

/* Words that the process has outside its memory: registers, of thread `tid`. Those to the byte behind a block count. */
void reach__roots(struct reach *reach, pid_t tid, const uint64_t *words, size_t count);

/*
 * Words of memory from `address` on, which is a multiple of 8. Those in a block are what the block points to; all
 * others are roots, of which those to the byte behind a block, and to where glibc has the header of the next chunk,
 * count if `ends` says so: glibc points there from its lists and its arenas. Each call's memory is above that of all
 * before. 0 or -ENOMEM.
 */
int reach__scan(struct reach *reach, uint64_t address, const uint64_t *words, size_t count, bool ends);

/* What another look had reached counts as reached, as it was there: by the classes that it had, one for each block. To
 * be called before reach__solve(). */
void reach__add_reached(struct reach *reach, const uint8_t *classes);

/* Classifies all blocks. Once, and after all else. 0 or -ENOMEM. */
int reach__solve(struct reach *reach);

enum reach_class reach__class(const struct reach *reach, uint32_t block);
/* Of an indirectly lost block: the definitely lost one that leads there, or one of them. Of a definitely lost one:
 * itself. Not to be asked for others. */
uint32_t reach__leader(const struct reach *reach, uint32_t block);

#endif
