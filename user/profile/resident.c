/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes up the RSS of a process, in a profile of its pages. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "profile/profile.h"

int profile__add_named(struct profile *profile, const char *name, bool shared, uint64_t resident_bytes)
{
	struct profile_resident *resident = &profile->resident;
	struct profile_named named = {.shared = shared, .resident_bytes = resident_bytes};

	named.name = strdup(name);
	if (!named.name || !array__push(resident->named, resident->named_count, resident->named_capacity, named)) {
		free(named.name);
		return -ENOMEM;
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct profile_named *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : x->shared - y->shared;
}

static int by_size(const void *a, const void *b)
{
	const struct profile_named *x = a, *y = b;

	if (x->resident_bytes != y->resident_bytes)
		return x->resident_bytes < y->resident_bytes ? 1 : -1;
	return by_name(a, b);
}

void profile__sort_named(struct profile *profile)
{
	struct profile_resident *resident = &profile->resident;
	size_t kept = 0;

	if (!resident->named_count)
		return;
	qsort(resident->named, resident->named_count, sizeof(*resident->named), by_name);
	for (size_t i = 1; i < resident->named_count; i++) {
		struct profile_named *into = &resident->named[kept], *from = &resident->named[i];

		if (by_name(into, from)) {
			resident->named[++kept] = *from;
			continue;
		}
		into->resident_bytes += from->resident_bytes;
		free(from->name);
	}
	resident->named_count = kept + 1;
	qsort(resident->named, resident->named_count, sizeof(*resident->named), by_size);
}

int64_t profile__unexplained(const struct profile_rss *rss, const struct profile_resident *resident)
{
	return (int64_t)(rss->current_bytes - resident->anonymous_bytes - resident->file_bytes - resident->shmem_bytes);
}
