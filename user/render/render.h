/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reports as text for people, as JSON (user/render/schema/), as CSV (RFC 4180), as folded stacks for flame graphs, and
 * as a page of HTML. Each appends to `out`; what memory was too short for is told by buf__failed(out).
 */
#ifndef MEMTRAWL_RENDER_RENDER_H
#define MEMTRAWL_RENDER_RENDER_H

#include "analyze/report.h"
#include "lib/buf.h"

/* `width`: lines are cut to so many characters, as a terminal wants it; 0: they are not. */
void render__text(const struct report *report, size_t width, struct buf *out);

/* Its parts: what was looked at, the rows, and those of mapped memory if there are any. */
void render__text_subject(const struct report *report, size_t width, struct buf *out);
void render__text_table(const struct report *report, size_t width, struct buf *out);
void render__text_mapped(const struct report *report, size_t width, struct buf *out);

/* "memtrawl.profile/1", "memtrawl.leaks/1" or "memtrawl.diff/1". */
void render__json(const struct report *report, struct buf *out);

/* "memtrawl.snapshot/1": a snapshot that was just saved, and what it shows. */
void render__json_snapshot(const char *name, const char *path, const struct report *report, struct buf *out);

/* A header and a line for each row; the stack is one field, its frames separated by " < ", innermost first. */
void render__csv(const struct report *report, struct buf *out);

/* "outermost;...;innermost live_bytes" for each row with live bytes; in a diff, for each row that grew. */
void render__folded(const struct report *report, struct buf *out);

/* A page that needs nothing beside it, no network either: user/web/, with the report's JSON in it (render/html.c). */
void render__html(const struct report *report, struct buf *out);

/* A snapshot in the store, as `list` shows it. */
struct listing_row {
	const char *name, *path;
	pid_t pid;
	const char *comm; /* NULL if unknown */
	int64_t time_ns;  /* end of its window, since 1970 */
	double seconds;   /* its window */
	uint64_t live_bytes, live_objects, rss_bytes;
};

struct listing {
	struct listing_row *rows;
	size_t count, capacity;
};

void render__list_text(const struct listing *listing, size_t width, struct buf *out);
void render__list_json(const struct listing *listing, struct buf *out); /* "memtrawl.list/1" */
void render__list_csv(const struct listing *listing, struct buf *out);

#endif
