/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a running watch can be asked: HTTP on a unix socket that only root may open.
 *
 *	GET  /v1/hotspots[?format=text&width=N]		"memtrawl.hotspots/1", or text
 *	POST /v1/captures?pid=N[&name=NAME][&replace=1][&for_ms=N]	answered when the snapshot is saved:
 *									"memtrawl.snapshot/1"
 *
 * Anything that fails is answered with {"schema": "memtrawl.error/1", "error": "..."}.
 */
#ifndef MEMTRAWL_WATCH_SERVER_H
#define MEMTRAWL_WATCH_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "lib/error.h"
#include "watch/loop.h"

#define SERVER_SOCKET "/run/memtrawl/watch.sock"

enum { HTTP_OK = 200, HTTP_BAD_REQUEST = 400, HTTP_NOT_FOUND = 404, HTTP_CONFLICT = 409, HTTP_FAILED = 500 };

struct server_capture {
	pid_t pid;
	const char *name; /* or NULL */
	bool replace;
	uint64_t for_ns; /* 0: as watch does */
	void *requester; /* for server__answer() */
};

struct server_handlers {
	void (*hotspots)(void *cookie, bool text, size_t width, struct buf *out);
	/* Returns 0 and answers later, or -errno with the reason: the server answers then. */
	int (*capture)(void *cookie, const struct server_capture *request, struct error *err);
	void *cookie;
};

struct server;

/* Refuses with -EADDRINUSE if another watch listens there; what a killed one left is replaced. */
int server__new(struct loop *loop, const char *path, const struct server_handlers *handlers, struct server **server,
		struct error *err);
/* Those who wait are answered that watch ends. Removes the socket. NULL is fine. */
void server__free(struct server *server);

/* `json` is copied; NULL: an error, with `reason`. */
void server__answer(struct server *server, void *requester, int status, const char *json, const char *reason);

/* At times: connections whose time is up are closed. */
void server__tick(struct server *server);

#endif
