/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `record` says when it has ended. */
#ifndef MEMTRAWL_RENDER_RECORD_H
#define MEMTRAWL_RENDER_RECORD_H

#include "analyze/spikes.h"
#include "lib/buf.h"
#include "profile/series_file.h"
#include "trace/recording.h"

enum record_end {
	RECORD_ENDED,       /* the process did */
	RECORD_TIME_OVER,   /* as asked for */
	RECORD_INTERRUPTED, /* by a signal */
	RECORD_READER_GONE, /* nobody reads standard output any more */
	RECORD_FAILED,      /* of ours; told elsewhere */
};

struct record_summary {
	pid_t pid;
	const char *cmdline; /* may be NULL */
	uint64_t interval_ns;
	enum record_end end;
	const struct recording_state *state;
	const struct rss_series *series; /* of the rows */
	const struct spikes *spikes;     /* finished */
	const char *path;                /* NULL: standard output */
	const struct series_file_state *file;
};

void render__record_text(const struct record_summary *summary, size_t width, struct buf *out);
void render__record_json(const struct record_summary *summary, struct buf *out); /* "memtrawl.record/1" */

#endif
