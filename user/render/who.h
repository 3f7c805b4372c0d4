/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who points to some blocks, as text and as JSON ("memtrawl.who/1"). */
#ifndef MEMTRAWL_RENDER_WHO_H
#define MEMTRAWL_RENDER_WHO_H

#include <sys/types.h>

#include "analyze/report.h"
#include "lib/buf.h"

enum holder_kind {
	HOLDER_BLOCK,    /* live blocks of a site */
	HOLDER_VARIABLE, /* a global variable, or a place in a file's data that has no name */
	HOLDER_STACK,
	HOLDER_REGISTER,
	HOLDER_MEMORY, /* that was not seen allocated: blocks from before, free ones, mapped memory */
};

struct holder {
	enum holder_kind kind;
	uint64_t site;      /* BLOCK: its id */
	pid_t tid;          /* STACK, REGISTER */
	const char *name;   /* VARIABLE: its name, or NULL; MEMORY: the mapping's, or NULL */
	const char *object; /* VARIABLE: the file's path */
	uint64_t at; /* VARIABLE without a name: an address in the file; else of one of the words that point there */
	uint64_t pointers; /* words that point there, */
	uint64_t starts;   /* of them: to the start of a block */
};

struct who {
	uint64_t address;                             /* that was asked for; 0: a site was */
	uint64_t site;                                /* the blocks' */
	struct profile_blocks blocks;                 /* in question; none: no live block was found */
	struct profile_blocks classes[REACH_CLASSES]; /* by what leads to them */
	struct holder *holders;                       /* most pointers first */
	size_t count;
};

/* `report` has the profile, by stack and with all rows, so that sites can be told by their stacks. */
void render__who_text(const struct who *who, const struct report *report, size_t width, struct buf *out);
void render__who_json(const struct who *who, const struct report *report, struct buf *out);

#endif
