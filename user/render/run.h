/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `run` says of a command that has ended. */
#ifndef MEMTRAWL_RENDER_RUN_H
#define MEMTRAWL_RENDER_RUN_H

#include "analyze/report.h"
#include "lib/buf.h"
#include "profile/profile.h"

struct run_summary {
	char **command; /* NULL-terminated */
	int wait_status;
	const struct profile *profile;
	const struct report *at_peak; /* of the profile, by bytes at the peak */
	const struct report *at_exit; /* by live bytes */
	const struct report *lost;    /* of what was lost at the exit; NULL: it was not looked for */
};

void render__run_text(const struct run_summary *summary, size_t width, struct buf *out);
/* "memtrawl.run/1": the profile's own document is its member "profile", that of what was lost its member "reach". */
void render__run_json(const struct run_summary *summary, struct buf *out);

#endif
