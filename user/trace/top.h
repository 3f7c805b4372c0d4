/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The iterator that prints a session's sites from within the kernel (bpf/iter.bpf.c). */
#ifndef MEMTRAWL_TRACE_TOP_H
#define MEMTRAWL_TRACE_TOP_H

#include "trace/session.h"

/* Pins it as DIRECTORY/top. -errno where the kernel has no iterators over maps (before 5.9). */
int top__pin(const struct session *session, const char *directory);

#endif
