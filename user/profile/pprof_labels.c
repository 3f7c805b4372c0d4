/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <string.h>

#include "profile/pprof_extra.h"

#define MEMBER(name) offsetof(struct profile_site, name)

const struct pprof_label pprof_labels[PPROF_LABELS] = {
	{"peak_bytes", "bytes", MEMBER(peak_bytes), LABEL_COUNT},
	{"live_bytes_stderr", "bytes", MEMBER(live_bytes_stderr), LABEL_STDERR},
	{"older_bytes", "bytes", MEMBER(older_bytes), LABEL_COUNT},
	{"temporary_objects", "count", MEMBER(temporary_objects), LABEL_COUNT},
	{"oldest_age", "microseconds", MEMBER(oldest_age_seconds), LABEL_AGE},
	{"free_bytes", "bytes", MEMBER(free_bytes), LABEL_FREED_BYTES},
	{"free_objects", "count", MEMBER(free_objects), LABEL_FREED_OBJECTS},
};

/* Rounded, within what a label holds. (Microseconds of an age survive the way to a double and back for 70 years.) */
static uint64_t whole_number(double number)
{
	return number > 0 ? (number < 9e18 ? (uint64_t)llround(number) : (uint64_t)INT64_MAX) : 0;
}

static uint64_t rest(uint64_t allocated, uint64_t live)
{
	return allocated > live ? allocated - live : 0;
}

bool pprof_label__get(const struct pprof_label *label, const struct profile_site *site, uint64_t *number)
{
	const void *member = (const char *)site + label->offset;

	switch (label->type) {
	case LABEL_COUNT:
		*number = *(const uint64_t *)member;
		return *number;
	case LABEL_FREED_BYTES:
		*number = site->free_bytes;
		return *number != rest(site->alloc_bytes, site->live_bytes);
	case LABEL_FREED_OBJECTS:
		*number = site->free_objects;
		return *number != rest(site->alloc_objects, site->live_objects);
	case LABEL_STDERR:
		*number = whole_number(site->live_bytes_stderr);
		return *number;
	case LABEL_AGE:
		*number = whole_number(site->oldest_age_seconds * 1e6);
		return site->oldest_age_seconds >= 0;
	}
	return false;
}

void pprof_label__set(const struct pprof_label *label, struct profile_site *site, uint64_t number)
{
	void *member = (char *)site + label->offset;

	switch (label->type) {
	case LABEL_COUNT:
	case LABEL_FREED_BYTES:
	case LABEL_FREED_OBJECTS:
		*(uint64_t *)member = number;
		break;
	case LABEL_STDERR:
		*(double *)member = (double)number;
		break;
	case LABEL_AGE:
		*(double *)member = (double)number / 1e6;
		break;
	}
}

const struct pprof_label *pprof_label__find(const char *key)
{
	for (size_t i = 0; i < PPROF_LABELS; i++)
		if (!strcmp(pprof_labels[i].key, key))
			return &pprof_labels[i];
	return NULL;
}
