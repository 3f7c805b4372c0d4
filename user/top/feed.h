/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where `top` has its figures from: the rss source, the limits of cgroups, and the census of both. */
#ifndef MEMTRAWL_TOP_FEED_H
#define MEMTRAWL_TOP_FEED_H

#include "analyze/census.h"
#include "lib/error.h"
#include "render/top.h"

struct feed;
struct rss;
struct mt_rss_row;

/* Which processes are wanted: those that any of the first three names, or all if none does. Strings are borrowed. */
struct feed_options {
	const pid_t *pids;
	size_t pid_count;
	const char *comm, *cgroup;
	/* What happens in between, as in struct rss_options; may be NULL. */
	void (*on_event)(void *cookie, const struct mt_rss_row *row);
	void *cookie;
};

/* Takes no look yet. Refuses with the reason and the remedy. */
int feed__new(const struct feed_options *options, struct feed **feed, struct error *err);
void feed__free(struct feed *feed); /* NULL is fine */

/* Takes a look at all processes; rows, views and groups of before are gone. */
int feed__look(struct feed *feed, struct error *err);

/* The source behind it. */
struct rss *feed__rss(struct feed *feed);

/* As of the last look. */
const struct census *feed__census(const struct feed *feed);

/* Waits for at most timeout_ms and lets nothing pile up in the meantime: 0, -EINTR when a signal came, or -errno. */
int feed__wait(struct feed *feed, int timeout_ms, struct error *err);

/* A descriptor that is readable when there is something to wait for no longer. */
int feed__fd(const struct feed *feed);

/* All of the report but view and top_n. */
void feed__report(const struct feed *feed, struct top_report *report);

#endif
