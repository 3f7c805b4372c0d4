/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one place where watch waits: for descriptors, each with the function that deals with it. */
#ifndef MEMTRAWL_WATCH_LOOP_H
#define MEMTRAWL_WATCH_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"

struct loop;

typedef void loop_function(void *cookie, uint32_t events);

int loop__new(struct loop **loop, struct error *err);
void loop__free(struct loop *loop); /* NULL is fine; descriptors stay open */

/* `events` are those of epoll. From within a call, too. Returns 0 or -errno. */
int loop__add(struct loop *loop, int fd, uint32_t events, loop_function *function, void *cookie);
/* Before the descriptor is closed; it is not called any more, even if it was ready. -1 and unknown ones are fine. */
void loop__remove(struct loop *loop, int fd);

/* Waits for at most timeout_ms (-1: for ever) and calls what is ready. Returns 0, -EINTR, or another -errno. */
int loop__wait(struct loop *loop, int timeout_ms);

#endif
