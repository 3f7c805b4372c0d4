/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which captures watch has taken, and what becomes of them: the journal, hooks, answers to those who asked. */
#ifndef MEMTRAWL_WATCH_CAPTURING_H
#define MEMTRAWL_WATCH_CAPTURING_H

#include "watch/captures.h"
#include "watch/server.h"

struct daemon;
struct watched;

/* Asks the policy, and begins a capture if it has decided so and there is room: else it decides the same next time. */
void capturing__if_due(struct daemon *daemon, struct watched *watched);

/* Memory is short on the machine: the process that seems to be the reason is captured. */
void capturing__worst(struct daemon *daemon);

/* For struct server_handlers: somebody asks for one. `cookie` is the daemon. */
int capturing__request(void *cookie, const struct server_capture *asked, struct error *err);

/* For captures__new(): one has ended. `cookie` is the daemon. */
void capturing__done(void *cookie, const struct capture_done *done);

#endif
