/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a snapshot was taken for, where nobody asked for it: a figure of the process had come to a level. */
#ifndef MEMTRAWL_PROFILE_TRIGGER_H
#define MEMTRAWL_PROFILE_TRIGGER_H

#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

struct profile_trigger {
	char *kind; /* "rss", "limit" (used memory of the one it is under), "growth", "pressure", "request"; NULL: none
		     */
	uint64_t level, value; /* bytes; of growth, bytes per hour; 0 where the kind has none */
	int64_t time_ns;       /* when that was seen, since 1970 */
};

void profile_trigger__free(struct profile_trigger *trigger); /* what it owns */
/* Returns 0 or -ENOMEM with an empty copy. */
int profile_trigger__copy(struct profile_trigger *to, const struct profile_trigger *from);

/* "rss,524288000,530000000,1764301000000000000": as --trigger has it. Returns `text`. */
char *profile_trigger__format(const struct profile_trigger *trigger, char *text, size_t size);
/* The kind is a word of lower-case letters, of at most 16. A usage error for anything else, or -ENOMEM. */
int profile_trigger__parse(const char *text, struct profile_trigger *trigger, struct error *err);

/* "bytes" or "bytes/hour" */
const char *profile_trigger__unit(const struct profile_trigger *trigger);

/* "rss came to 506.2 MiB, threshold 500.0 MiB, at 2026-11-20T21:29:55.123Z". Returns `text`. */
char *profile_trigger__words(const struct profile_trigger *trigger, char *text, size_t size);

#endif
