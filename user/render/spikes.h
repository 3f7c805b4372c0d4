/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `spikes` says of a recording. */
#ifndef MEMTRAWL_RENDER_SPIKES_H
#define MEMTRAWL_RENDER_SPIKES_H

#include <jansson.h>

#include "analyze/rss_series.h"
#include "analyze/spikes.h"
#include "lib/buf.h"

struct spikes_report {
	const char *path;
	const struct rss_series *series;
	const struct spikes *spikes; /* finished */
};

void render__spikes_text(const struct spikes_report *report, size_t width, struct buf *out);
void render__spikes_json(const struct spikes_report *report, struct buf *out); /* "memtrawl.spikes/1" */
void render__spikes_csv(const struct spikes_report *report, struct buf *out);

/* Parts that others have too: how many of what, with a table; the options; the list. */
void render__spikes_table(const struct spikes *spikes, size_t width, struct buf *out);
json_t *render__spikes_definition(const struct spikes *spikes);
json_t *render__spikes_list(const struct spikes *spikes);

#endif
