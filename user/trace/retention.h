/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The heap and the pages together: what of each site's blocks is resident, and what the allocator keeps beside them. */
#ifndef MEMTRAWL_TRACE_RETENTION_H
#define MEMTRAWL_TRACE_RETENTION_H

#include "trace/reader.h"

/*
 * Sets resident bytes of the profile's sites, and what its RSS is made up of. The live table is read whole. Does
 * nothing for a process that has ended. 0 or -errno.
 */
int retention__read(const struct reader *reader);

#endif
