/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages by who touched them first: from the maps of bpf/pages.bpf.h and the process's page tables to the profile. */
#ifndef MEMTRAWL_TRACE_PAGES_H
#define MEMTRAWL_TRACE_PAGES_H

#include "target/smaps.h"
#include "trace/reader.h"

/*
 * Notes which pages of a process are there already, to be done once its faults are recorded. Without it, they are told
 * as if they had come without a fault. Says so itself where it cannot.
 */
void pages__seed(const struct session *session, const struct tracked *tracked);

/* Makes room: the pages of a process image that has ended are gone. */
void pages__forget(const struct session *session, uint32_t process);

/*
 * Makes the sites of a profile whose source is pages, and what it says of memory that has no site. A process that has
 * ended has nothing resident: what its sites touched is all there is. 0 or -errno.
 */
int pages__read(const struct reader *reader, const struct read_options *options);

/* A resident private page; was it there before tracing began? Anything but 0 ends the walk. */
typedef int page_visitor(void *context, uint64_t address, bool before);

/*
 * Visits all resident private pages in the order of addresses, and says in the profile what the RSS is made up of, if
 * the process is there: without making sites. *smaps is filled for the caller to free. 0 or -errno.
 */
int pages__look(const struct reader *reader, struct smaps *smaps, page_visitor *visit, void *context);

#endif
