/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the view of a process can show by call site, live. A source is attached while it is on the screen, and only
 * then. To add one: write its functions, and put it into the list in user/top/detail.c.
 */
#ifndef MEMTRAWL_TOP_SITES_H
#define MEMTRAWL_TOP_SITES_H

#include <sys/types.h>

#include "analyze/report.h"
#include "lib/buf.h"
#include "lib/error.h"

struct sites_source {
	int key;          /* that shows it */
	const char *name; /* "heap" */
	const char *what; /* for the help: "what its heap holds" */
	/* Attaches; may take a second. *state is the source's own. Refuses with the reason and the remedy. */
	int (*open)(pid_t pid, void **state, struct error *err);
	void (*close)(void *state);
	/* Several times a second: handles what has happened. */
	int (*step)(void *state, struct error *err);
	/* As it is now: what was looked at, and the sites that hold most; at most `rows`. */
	int (*render)(void *state, enum report_group group, size_t rows, size_t width, struct buf *out,
		      struct error *err);
};

extern const struct sites_source heap_sites, pages_sites;

#endif
