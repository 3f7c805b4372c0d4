/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What verbs that attach for a while have in common: attach, wait with progress shown, name the profile. */
#ifndef MEMTRAWL_CMD_OBSERVE_H
#define MEMTRAWL_CMD_OBSERVE_H

#include "cmd/output.h"
#include "cmd/tracing_options.h"
#include "profile/profile.h"
#include "trace/read.h"
#include "trace/session.h"

struct looking;

enum { OBSERVE_BUDGET = 50 }; /* percent of overhead that a person who waits is assumed to accept */

/* Refuses with the reason and the remedy if BPF cannot be used at all: not root, another pid namespace. */
int observe__check_rights(struct error *err);

/* SIGINT and SIGTERM end the waiting, not the program, from here on. */
void observe__catch_signals(void);
bool observe__interrupted(void);

/*
 * Opens the session that `start` left on the process, if it is one process and has one. Else locks each process against
 * other sessions, attaches to all, and begins. On success the session is the caller's, to be ended by
 * observe__finish(). `default_overhead` is as for tracing_options__session().
 */
int observe__start(const struct tracing_options *options, double default_overhead, struct session **session,
		   struct error *err);
void observe__finish(struct session *session);

/* Is it one that `start` left, and that others look after? Then finishing it only closes it. */
bool observe__is_pinned(const struct session *session);

/* Until `ns` have passed, all targets have ended, or a signal came. Shows progress on a terminal. */
int observe__wait(struct session *session, uint64_t ns, struct error *err);

/* The same, looking at the session meanwhile, some fifty times. The caller frees *looking, also after an error. */
int observe__look(struct session *session, uint64_t ns, struct looking **looking, struct error *err);

/* Ends the session that was looked at, as far as reading it allows that, with a last look. */
void observe__end(struct session *session, struct looking *looking);

/*
 * The profile of one process, with names, with the looks at it, and with a reason if its window ended early. Without
 * `looking` (NULL), the looks at a pinned session are those that its keeper took. The caller frees it.
 */
int observe__profile(const struct session *session, const struct tracked *tracked, const struct read_options *read,
		     const struct looking *looking, struct profile **profile, struct error *err);

/* Prints or writes the profile of each process as the options ask. */
int observe__output(const struct session *session, enum report_kind kind, const struct read_options *read,
		    const struct looking *looking, const struct report_options *report,
		    const struct output_options *output, struct error *err);

/* Functions and lines for the frames; files are read through the process while it lives. */
int observe__name(const struct tracked *tracked, struct profile *profile);

#endif
