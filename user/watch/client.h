/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks a running watch (watch/server.h). */
#ifndef MEMTRAWL_WATCH_CLIENT_H
#define MEMTRAWL_WATCH_CLIENT_H

#include <stdbool.h>

#include "lib/buf.h"
#include "lib/error.h"

/* Does a watch listen there? */
bool client__is_there(const char *path);

/*
 * One request, as "GET /v1/hotspots". On success the answer's body is in *body. Returns 0; -ENOENT if no watch is
 * running; another -errno with what watch says.
 */
int client__ask(const char *path, const char *request, struct buf *body, struct error *err);

#endif
