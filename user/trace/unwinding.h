/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The unwind tables of the traced processes, in the session's maps. A table is compiled once for each file and shared
 * by all processes that map it; which tables are where in a process is one list, replaced as a whole when the process's
 * mappings change, so that programs that run meanwhile see the old or the new one.
 */
#ifndef MEMTRAWL_TRACE_UNWINDING_H
#define MEMTRAWL_TRACE_UNWINDING_H

#include <stdbool.h>

#include "lib/error.h"

struct session;
struct tracked;
struct unwinding;

/* Takes over what a session's maps hold already. Freed by unwinding__free(). */
int unwinding__new(struct session *session, struct unwinding **unwinding, struct error *err);
void unwinding__free(struct unwinding *unwinding); /* NULL is fine */

/*
 * Gives a process the tables of its executable mappings, as tracked->maps and tracked->modules have them. Files that
 * have no call frame information, or bad one, have no table; that is no error. Returns 0, -ENOMEM, or -ENOSPC when the
 * maps are full: then the process keeps what it had.
 */
int unwinding__update(struct unwinding *unwinding, const struct tracked *tracked, struct error *err);

/*
 * Whether what the programs know of the process's mappings is what tracked->maps has: of a pinned session without its
 * keeper it may not be. True where stacks are not unwound by tables.
 */
bool unwinding__is_current(const struct session *session, const struct tracked *tracked);

#endif
