/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Another program that watch runs, and does not wait for: what it says is gathered, and it is killed with all that it
 * started when its time is up. It does not outlive watch.
 */
#ifndef MEMTRAWL_WATCH_CHILD_H
#define MEMTRAWL_WATCH_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/error.h"
#include "watch/loop.h"

enum { CHILD_OUTPUT_MAX = 64 << 10 }; /* of each stream: more is read, and dropped */

struct child;

struct child_end {
	int status;                  /* as wait status */
	bool timed_out;              /* and was killed therefore */
	const char *output, *errors; /* what it wrote, cut; never NULL */
};

struct child_options {
	const char *program; /* file, or a name to be looked for in PATH */
	char *const *argv;
	const char *input;    /* for its standard input, then its end; NULL: none */
	unsigned int seconds; /* it may take */
	void (*on_end)(void *cookie, const struct child_end *end); /* the child is freed after it */
	void *cookie;
};

/* Returns 0, or -errno with the reason: nothing was started then, and on_end is not called. */
int child__start(struct loop *loop, const struct child_options *options, struct child **child, struct error *err);

/* Asks it to end now (SIGTERM). Its end comes as ever. */
void child__stop(struct child *child);

/* Kills it at once, waits for that, and frees it without a word. */
void child__kill(struct child *child);

#endif
