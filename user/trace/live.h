/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The live table, block by block, whichever map it is in. */
#ifndef MEMTRAWL_TRACE_LIVE_H
#define MEMTRAWL_TRACE_LIVE_H

#include <stdint.h>

#include "memtrawl.h"
#include "trace/session.h"

typedef void live_visitor(void *context, uint64_t address, const struct mt_live *block);

/*
 * Calls `visit` for every tracked block of every process, in no order, while programs go on: one that comes or goes
 * meanwhile may be seen or not. The block is the visitor's for the call. Returns 0 or -errno.
 */
int live__each(const struct session_maps *maps, live_visitor *visit, void *context);

#endif
