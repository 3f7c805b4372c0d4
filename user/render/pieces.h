/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What several renderers need. */
#ifndef MEMTRAWL_RENDER_PIECES_H
#define MEMTRAWL_RENDER_PIECES_H

#include <jansson.h>

#include "analyze/report.h"
#include "lib/buf.h"

/*
 * Adds foreign text for a terminal: control characters, those that change the direction of writing, and bytes that
 * are no UTF-8 become \xNN or \uNNNN.
 */
void pieces__add_escaped(struct buf *out, const char *text);

/* The last part of a path. */
const char *pieces__basename(const char *path);

/* What the frame is called: its function, or "libfoo.so.1+0x1234", or "0x1234", or "[no stack]". Not escaped. */
void pieces__add_name(struct buf *out, const struct report_frame *frame);
/* Where it is: "file.c:12", "libfoo.so.1", or nothing. Not escaped. */
void pieces__add_place(struct buf *out, const struct report_frame *frame);

/* Dumps the document, control characters escaped (JSON itself wants only those below U+0020), and frees it. */
void pieces__add_json(struct buf *out, json_t *root);
/* The same without blanks and line ends. */
void pieces__add_json_compact(struct buf *out, json_t *root);

/* A field of RFC 4180, escaped as for a terminal, quoted where it must be; `separator` goes before it. */
void pieces__add_csv(struct buf *out, const char *separator, const char *text);

/* Adds a line and its end to `out`, cut to `width` characters (0: not), and empties `line`. */
void pieces__add_line(struct buf *out, struct buf *line, size_t width);

#endif
