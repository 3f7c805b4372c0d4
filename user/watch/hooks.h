/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --on-capture: a command that is run for each capture, with the snapshot's file as its argument and the summary
 * ("memtrawl.snapshot/1") as its standard input. One that takes too long is killed. None is waited for.
 */
#ifndef MEMTRAWL_WATCH_HOOKS_H
#define MEMTRAWL_WATCH_HOOKS_H

#include <stddef.h>
#include <stdint.h>

#include "watch/journal.h"
#include "watch/loop.h"

enum { HOOKS_MAX = 16 };

struct hooks;

struct hooks_count {
	uint64_t started, failed, timed_out;
	uint64_t dropped; /* HOOKS_MAX were running already, or it could not be started */
};

int hooks__new(struct loop *loop, struct journal *journal, struct hooks **hooks, struct error *err);
void hooks__free(struct hooks *hooks); /* kills those that still run; NULL is fine */

/* `command` is for /bin/sh, which appends the path. It may take so many seconds. */
void hooks__run(struct hooks *hooks, const char *command, unsigned int seconds, const char *path, const char *summary);

struct hooks_count hooks__count(const struct hooks *hooks);

#endif
