/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who points to some of a process's live blocks: other blocks, variables, stacks, registers, other memory. */
#ifndef MEMTRAWL_CMD_HOLDERS_H
#define MEMTRAWL_CMD_HOLDERS_H

#include <stdbool.h>
#include <stdint.h>

#include "analyze/reach.h"
#include "render/who.h"
#include "target/contents.h"
#include "target/threads.h"
#include "trace/blocks.h"

struct holders;

/* Which blocks: that with the address in it, or (address 0) those of a site. */
struct holders_question {
	uint64_t address;
	uint64_t site;
};

/* The blocks are borrowed; sites[i] is the id of that of blocks[i]. NULL when memory is short. */
struct holders *holders__new(const struct blocks *blocks, const uint64_t *sites,
			     const struct holders_question *question);
void holders__free(struct holders *holders);

/* Has the mark tell of pointers to the blocks in question. */
void holders__watch(struct holders *holders, struct reach *reach);

/*
 * After the scan, and after the mark was solved: finds out what was told, with names from the files of the process's
 * mappings. 0 or -ENOMEM.
 */
int holders__name(struct holders *holders, const struct process *process, const struct contents *contents,
		  const struct threads *threads, const struct reach *reach);

/* The answer, which belongs to the holders. */
const struct who *holders__answer(const struct holders *holders);

#endif
