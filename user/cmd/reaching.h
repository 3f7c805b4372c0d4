/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding out which live blocks of a traced process nothing points to any more. */
#ifndef MEMTRAWL_CMD_REACHING_H
#define MEMTRAWL_CMD_REACHING_H

#include "cmd/holders.h"
#include "trace/reached.h"
#include "trace/session.h"

struct reaching_options {
	bool stop;             /* the process, while its memory is copied; else it goes on */
	uint64_t interval_ns;  /* else: between two looks; lost is what both of them see as lost */
	uint64_t pointer_mask; /* of a word, the bits that are an address */
};

/* Refuses a session in which that cannot be found out: of several processes, or without the allocator's blocks. */
int reaching__check(const struct session *session, struct error *err);

/*
 * Looks through the memory of a process that the session follows. Blocks that are freed meanwhile are told as gone. The
 * process is never left stopped. The caller frees *reached with reached__free(), after a failure, too.
 */
int reaching__look(struct session *session, const struct tracked *tracked, const struct reaching_options *options,
		   struct reached *reached, struct error *err);

/*
 * Looks once, for who points to some of its blocks: holders__answer() says. The caller frees *holders by
 * holders__free(), after a failure, too.
 */
int reaching__who(const struct session *session, const struct tracked *tracked, const struct reaching_options *options,
		  const struct holders_question *question, struct holders **holders, struct error *err);

#endif
