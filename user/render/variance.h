/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `variance` says of several recordings. */
#ifndef MEMTRAWL_RENDER_VARIANCE_H
#define MEMTRAWL_RENDER_VARIANCE_H

#include "analyze/rss_series.h"
#include "analyze/variance.h"
#include "lib/buf.h"

struct variance_row {
	const char *path;
	struct rss_series series;
};

struct variance_report {
	const struct variance_row *rows;
	size_t count;
	const struct variance *peaks; /* in bytes */
};

void render__variance_text(const struct variance_report *report, size_t width, struct buf *out);
void render__variance_json(const struct variance_report *report, struct buf *out); /* "memtrawl.variance/1" */
void render__variance_csv(const struct variance_report *report, struct buf *out);  /* a line for each file */

#endif
