/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A growing byte buffer. Running out of memory is remembered, not returned: check buf__failed() once at the end.
 * The bytes are always followed by a NUL, so that `data` may be read as a string once anything was added.
 */
#ifndef MEMTRAWL_LIB_BUF_H
#define MEMTRAWL_LIB_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data; /* NULL until something is added */
	size_t size;
	size_t capacity;
	bool failed;
};

void buf__add(struct buf *buf, const void *data, size_t size);
void buf__add_string(struct buf *buf, const char *text);
void buf__add_format(struct buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool buf__failed(const struct buf *buf);
/* Gives the bytes away as a malloc'ed, NUL-terminated string (never NULL unless failed) and empties the buffer. */
char *buf__take(struct buf *buf);
void buf__free(struct buf *buf);

#endif
