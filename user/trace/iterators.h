/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The iterators that print a session's sites and live blocks from within the kernel (bpf/iter.bpf.c). */
#ifndef MEMTRAWL_TRACE_ITERATORS_H
#define MEMTRAWL_TRACE_ITERATORS_H

#include "trace/session.h"

/* Pins them as DIRECTORY/top and DIRECTORY/blocks. -errno where the kernel has no iterators over maps (before 5.9). */
int iterators__pin(const struct session *session, const char *directory);

#endif
