/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gzip (RFC 1952), whole buffers at a time. */
#ifndef MEMTRAWL_LIB_GZIP_H
#define MEMTRAWL_LIB_GZIP_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

/* Starts as gzip files do. */
bool gzip__is(const void *data, size_t size);

/* Appends the compressed bytes: without a time, so that equal input gives equal output. 0, or -ENOMEM. */
int gzip__compress(const void *data, size_t size, struct buf *out);

/*
 * Appends what one or several gzip members hold. The bytes are foreign: -EINVAL for damage or a missing end, -EFBIG
 * when there would be more than `limit` bytes (however few they were compressed to), -ENOMEM.
 */
int gzip__expand(const void *data, size_t size, size_t limit, struct buf *out);

#endif
