/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/gzip.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <zlib.h>

#define WINDOW_GZIP (15 + 16) /* the largest window, gzip framing: zlib.h */
#define STEP        65536

bool gzip__is(const void *data, size_t size)
{
	return size >= 2 && !memcmp(data, "\x1f\x8b", 2);
}

int gzip__compress(const void *data, size_t size, struct buf *out)
{
	z_stream stream = {.next_in = (Bytef *)data};
	unsigned char step[STEP];
	int code;

	if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_GZIP, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	do {
		if (!stream.avail_in) { /* sizes are 32 bits wide in zlib */
			stream.avail_in = size > UINT_MAX ? UINT_MAX : (uInt)size;
			size -= stream.avail_in;
		}
		stream.next_out = step;
		stream.avail_out = sizeof(step);
		code = deflate(&stream, size ? Z_NO_FLUSH : Z_FINISH);
		buf__add(out, step, sizeof(step) - stream.avail_out);
	} while (code == Z_OK || code == Z_BUF_ERROR);
	deflateEnd(&stream);
	return code == Z_STREAM_END && !buf__failed(out) ? 0 : -ENOMEM;
}

/* 0: a member ended; 1: go on. */
static int expand_step(z_stream *stream, size_t limit, size_t *total, struct buf *out)
{
	unsigned char step[STEP];
	size_t got;
	int code;

	stream->next_out = step;
	stream->avail_out = sizeof(step);
	code = inflate(stream, Z_NO_FLUSH);
	got = sizeof(step) - stream->avail_out;
	if (code == Z_MEM_ERROR)
		return -ENOMEM;
	if (code != Z_OK && code != Z_STREAM_END) /* Z_BUF_ERROR: the input ended too early */
		return -EINVAL;
	*total += got;
	if (*total > limit)
		return -EFBIG;
	buf__add(out, step, got);
	if (buf__failed(out))
		return -ENOMEM;
	return code != Z_STREAM_END;
}

int gzip__expand(const void *data, size_t size, size_t limit, struct buf *out)
{
	z_stream stream = {.next_in = (Bytef *)data};
	size_t total = 0;
	int code;

	if (size > UINT_MAX)
		return -EFBIG;
	stream.avail_in = (uInt)size;
	if (inflateInit2(&stream, WINDOW_GZIP) != Z_OK)
		return -ENOMEM;
	do {
		code = expand_step(&stream, limit, &total, out);
		if (!code && stream.avail_in) /* another member follows */
			code = inflateReset(&stream) == Z_OK ? 1 : -EINVAL;
	} while (code > 0);
	inflateEnd(&stream);
	return code;
}
