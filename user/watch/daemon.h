/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `watch` itself: looks at all processes, asks the policy, has captures taken, writes down what happened, and answers
 * on its socket. One thread, which waits in one place (watch/loop.h).
 */
#ifndef MEMTRAWL_WATCH_DAEMON_H
#define MEMTRAWL_WATCH_DAEMON_H

#include <stdint.h>

#include "lib/error.h"
#include "top/feed.h"
#include "watch/captures.h"
#include "watch/policy.h"

struct daemon_options {
	struct feed_options who;
	struct policy policy;
	struct captures_options captures;
	uint64_t interval_ns;   /* between looks */
	uint64_t growth_ns;     /* what growth is measured over */
	const char *journal;    /* file, or NULL */
	const char *on_capture; /* command, or NULL */
	unsigned int hook_seconds;
	const char *socket;
};

struct daemon;

/* The options' texts stay the caller's, as long as they are in force. */
int daemon__new(const struct daemon_options *options, struct daemon **daemon, struct error *err);
void daemon__free(struct daemon *daemon); /* NULL is fine */

/* New thresholds, captures, journal and command; who is watched, the socket and the interval stay as they are. */
void daemon__configure(struct daemon *daemon, const struct daemon_options *options);

/*
 * Until SIGINT or SIGTERM, which lets captures under way end first. `reload` is called for SIGHUP. These signals must
 * be blocked. Returns 0 or -errno.
 */
int daemon__run(struct daemon *daemon, void (*reload)(void *cookie), void *cookie, struct error *err);

#endif
