/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process maps by itself: from the maps of bpf/mappings.bpf.h to the profile's part about it. */
#ifndef MEMTRAWL_TRACE_MAPPINGS_H
#define MEMTRAWL_TRACE_MAPPINGS_H

#include "trace/reader.h"

/* Does nothing for a session that records no mappings. 0 or -errno. */
int mappings__read(const struct reader *reader, const struct read_options *options);

#endif
