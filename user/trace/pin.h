/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pinned sessions: everything that a session is, as files of bpffs below /sys/fs/bpf/memtrawl/<pid>/, so that it
 * outlives the command that began it. Maps have their names ("sites"), programs are prog_<name>, links
 * link_<kind>_<number>; `top` is an iterator to be read with cat, where the kernel has it.
 */
#ifndef MEMTRAWL_TRACE_PIN_H
#define MEMTRAWL_TRACE_PIN_H

#include <stdbool.h>

#include "trace/session.h"

#define PIN_DIRECTORY "/sys/fs/bpf/memtrawl"

/*
 * Pins a session of one process and its children under that process's pid. It is made under another name and renamed,
 * so that others see it whole or not at all. Mounts bpffs where it is missing. Refuses with -EBUSY if there is one.
 */
int session__pin(struct session *session, struct error *err);

/*
 * Opens the session that is pinned for a pid, to read it. -ENOENT (err untouched) if there is none, -EPROTO if it is of
 * another build. What it counts is not disturbed; session__free() only closes.
 */
int session__open_pinned(pid_t pid, struct session **session, struct error *err);

/*
 * Makes an opened session one's own, to look after it in its keeper's place: events, budget, links.
 */
int session__adopt(struct session *session, struct error *err);

/* Pins links that were made since. */
int session__pin_new_links(struct session *session, struct error *err);

/* Is there a session pinned for the pid? */
bool pin__exists(pid_t pid);

/* The pid that the session is pinned under which follows the process (its own, or a forebear's); 0 if none does. */
pid_t pin__find(pid_t pid);

/* Removes a session's pins, and with them its probes. 0 if there are none. */
int pin__remove(pid_t pid, struct error *err);

/* Pids that have pinned sessions. *pids is malloc'ed. */
int pin__list(pid_t **pids, size_t *count, struct error *err);

/* Directories of sessions that were never finished, left by a killed command. */
void pin__sweep(void);

#endif
