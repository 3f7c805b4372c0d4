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
	{"resident_bytes", "bytes", MEMBER(resident_bytes), LABEL_COUNT},
	{"swapped_bytes", "bytes", MEMBER(swapped_bytes), LABEL_COUNT},
	{"oldest_age", "microseconds", MEMBER(oldest_age_seconds), LABEL_AGE},
	{"free_bytes", "bytes", MEMBER(free_bytes), LABEL_FREED_BYTES},
	{"free_objects", "count", MEMBER(free_objects), LABEL_FREED_OBJECTS},
};

const struct pprof_label pprof_mapped_labels[PPROF_MAPPED_LABELS] = {
	{"mapped_live_bytes", "bytes", MEMBER(live_bytes), LABEL_COUNT},
	{"mapped_live_count", "count", MEMBER(live_objects), LABEL_COUNT},
	{"mapped_alloc_bytes", "bytes", MEMBER(alloc_bytes), LABEL_COUNT},
	{"mapped_alloc_count", "count", MEMBER(alloc_objects), LABEL_COUNT},
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

static const struct pprof_label *find(const struct pprof_label *labels, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(labels[i].key, key))
			return &labels[i];
	return NULL;
}

const struct pprof_label *pprof_label__find(const char *key)
{
	return find(pprof_labels, PPROF_LABELS, key);
}

const struct pprof_label *pprof_label__find_mapped(const char *key)
{
	return find(pprof_mapped_labels, PPROF_MAPPED_LABELS, key);
}
