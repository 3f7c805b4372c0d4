/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a running watch consists of: for the files that are parts of it. */
#ifndef MEMTRAWL_WATCH_STATE_H
#define MEMTRAWL_WATCH_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "watch/captures.h"
#include "watch/daemon.h"
#include "watch/hooks.h"
#include "watch/journal.h"
#include "watch/loop.h"
#include "watch/postmortem.h"
#include "watch/server.h"
#include "watch/watched.h"

struct daemon {
	struct daemon_options options;
	struct loop *loop;
	struct feed *feed;
	struct watched_table table;
	struct captures *captures;
	struct hooks *hooks;
	struct server *server;
	struct journal journal;
	struct postmortems postmortems;
	int timer, signals, pressure; /* descriptors */
	uint64_t pressure_since_ns;   /* when the kernel was asked to tell of pressure */
	int64_t since_ns;             /* since 1970 */
	uint64_t looked_ns, looks;
	uint64_t captures_done, captures_failed, victims;
	uint64_t watchdog_ns, petted_ns;
	bool alarmed;        /* in the poll that is going on */
	unsigned int ending; /* how often it was asked to end */
	void (*reload)(void *cookie);
	void *reload_cookie;
};

#endif
