/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `top` on a terminal. */
#ifndef MEMTRAWL_TOP_LIVE_H
#define MEMTRAWL_TOP_LIVE_H

#include "analyze/census_view.h"
#include "top/feed.h"

/* Until it is left, or a signal comes (observe__catch_signals()). The terminal is as it was afterwards. */
int live__run(struct feed *feed, const struct census_request *request, uint64_t interval_ns, struct error *err);

#endif
