/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happened while watch ran: a line of JSON for each event, in a file that is opened anew for each, so that it may
 * be moved away at any time. A file that has come to its largest size is moved to FILE.1 by watch itself. The same goes
 * to standard error in words.
 */
#ifndef MEMTRAWL_WATCH_JOURNAL_H
#define MEMTRAWL_WATCH_JOURNAL_H

#include <jansson.h>
#include <stdint.h>

enum { JOURNAL_SIZE_MAX = 16 << 20 };

struct journal {
	const char *path; /* the caller's */
	uint64_t lost;    /* lines that could not be written; said once each time that writing begins to fail */
	int failing;      /* the errno that it fails with, 0: it does not */
};

/*
 * Writes {"time", "event", ...}: the members of `details` (which is taken over; NULL is fine) follow. `words` is a line
 * for people, printf-like, in which control characters are escaped.
 */
void journal__write(struct journal *journal, const char *event, json_t *details, const char *words, ...)
	__attribute__((format(printf, 4, 5)));

#endif
