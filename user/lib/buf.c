/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for `size` more bytes and the NUL; remembers when that fails. */
static bool reserve(struct buf *buf, size_t size)
{
	size_t needed, capacity;
	char *data;

	if (buf->failed)
		return false;
	if (__builtin_add_overflow(buf->size, size, &needed) || needed > SIZE_MAX / 4) {
		buf->failed = true;
		return false;
	}
	if (buf->data && needed < buf->capacity)
		return true;
	capacity = buf->capacity ? buf->capacity : 64;
	while (capacity <= needed)
		capacity *= 2;
	data = realloc(buf->data, capacity);
	if (!data) {
		buf->failed = true;
		return false;
	}
	buf->data = data;
	buf->capacity = capacity;
	return true;
}

void buf__add(struct buf *buf, const void *data, size_t size)
{
	if (!reserve(buf, size))
		return;
	if (size)
		memcpy(buf->data + buf->size, data, size);
	buf->size += size;
	buf->data[buf->size] = '\0';
}

void buf__add_string(struct buf *buf, const char *text)
{
	buf__add(buf, text, strlen(text));
}

void buf__add_format(struct buf *buf, const char *fmt, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n < 0) {
		buf->failed = true;
		return;
	}
	buf__add(buf, text, (size_t)n);
	free(text);
}

bool buf__failed(const struct buf *buf)
{
	return buf->failed;
}

char *buf__take(struct buf *buf)
{
	char *data;

	buf__add(buf, "", 0); /* an empty buffer gives an empty string */
	if (buf->failed) {
		buf__free(buf);
		return NULL;
	}
	data = buf->data;
	*buf = (struct buf){0};
	return data;
}

void buf__free(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){0};
}
