/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows that a BPF iterator writes, one by one. */
#ifndef MEMTRAWL_TRACE_ITERATOR_ROWS_H
#define MEMTRAWL_TRACE_ITERATOR_ROWS_H

#include <stddef.h>

/* The row is the visitor's for the call. Anything but 0 ends the reading. */
typedef int iterator_visitor(void *context, const void *row);

/*
 * Runs the iterator of a link, whose rows all have `size` bytes, a multiple of 8, and 32 KiB at most. Returns what a
 * visit ended the reading with, or -errno.
 */
int iterator_rows__each(int link, size_t size, iterator_visitor *visit, void *context);

#endif
