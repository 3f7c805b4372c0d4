/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What maps cannot hold of a pinned session: who its processes are, and which files they have, or have had, mapped.
 * The keeper writes it to /run/memtrawl/<pid>.json; commands that open the session read it, so that blocks of unloaded
 * libraries and of processes that have ended keep their names.
 */
#ifndef MEMTRAWL_TRACE_DESCRIPTION_H
#define MEMTRAWL_TRACE_DESCRIPTION_H

#include "trace/session.h"

int description__save(const struct session *session, struct error *err);
/* Fills in the processes of an opened session that are gone, and everybody's earlier files. Missing is not an error. */
void description__load(struct session *session, pid_t pid);
void description__remove(pid_t pid);

#endif
