/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What leads to live blocks, added up by the sites that allocated them. */
#ifndef MEMTRAWL_TRACE_REACHED_H
#define MEMTRAWL_TRACE_REACHED_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/blocks.h"
#include "trace/reader.h"

/* Of each block: its class, and if that is REACH_INDIRECT, the index of the definitely lost one that leads there. */
struct reached {
	struct blocks blocks;
	uint8_t *classes; /* enum reach_class */
	uint32_t *leaders;
	bool *gone; /* it was freed meanwhile: nothing is said of it */
	struct profile_reach facts;
};

/* Sets the sites' counts, and what the profile says of how they were found. */
void reached__read(const struct reader *reader, const struct reached *reached);

void reached__free(struct reached *reached); /* what is in it, not itself */

#endif
