/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What watch tells of itself and of the processes that it looks after. */
#ifndef MEMTRAWL_WATCH_OVERVIEW_H
#define MEMTRAWL_WATCH_OVERVIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

struct daemon;

/* As text of that width (0: any), or as "memtrawl.hotspots/1". */
void overview__render(const struct daemon *daemon, bool text, size_t width, struct buf *out);

#endif
