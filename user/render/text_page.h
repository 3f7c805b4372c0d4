/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of text for people, and how figures are written in them. */
#ifndef MEMTRAWL_RENDER_TEXT_PAGE_H
#define MEMTRAWL_RENDER_TEXT_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

/* Where lines go: each is put together in `line` first, so that it can be cut to the terminal's width. */
struct text_page {
	struct buf *out;
	struct buf line;
	size_t width; /* 0: it is not cut */
};

void text_page__end_line(struct text_page *page);

/* These return their buffer: "3.0 MiB", "+3.0 MiB". */
const char *text__bytes(char text[32], uint64_t count);
const char *text__signed_bytes(char text[32], int64_t change);

const char *text__plural(uint64_t count); /* "s", or nothing for one */

#endif
