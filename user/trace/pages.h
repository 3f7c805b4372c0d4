/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages by who touched them first: from the maps of bpf/pages.bpf.h and the process's page tables to the profile. */
#ifndef MEMTRAWL_TRACE_PAGES_H
#define MEMTRAWL_TRACE_PAGES_H

#include "trace/reader.h"

/*
 * Notes which pages of a process are there already, to be done once its faults are recorded. Without it, they are told
 * as if they had come without a fault. Says so itself where it cannot.
 */
void pages__seed(const struct session *session, const struct tracked *tracked);

/*
 * Makes the sites of a profile whose source is pages, and what it says of memory that has no site. A process that has
 * ended has nothing resident: what its sites touched is all there is. 0 or -errno.
 */
int pages__read(const struct reader *reader, const struct read_options *options);

#endif
