/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "profile/pprof_looks.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "profile/looks.h"

typedef Perftools__Profiles__Looks pb_looks;
typedef Perftools__Profiles__SiteLooks pb_site_looks;

/* A column is an array of a message, and a member of each row that it is of. */
struct column {
	size_t length, numbers; /* in the message */
	size_t member;          /* in the row */
};

#define COLUMN(message, name, row, member)                                                                             \
	{                                                                                                              \
		offsetof(message, n_##name), offsetof(message, name), offsetof(row, member)                            \
	}

static const struct column look_columns[] = {
	COLUMN(pb_looks, rss_bytes, struct profile_look, rss.current_bytes),
	COLUMN(pb_looks, peak_rss_bytes, struct profile_look, rss.peak_bytes),
	COLUMN(pb_looks, anon_bytes, struct profile_look, rss.anon_bytes),
	COLUMN(pb_looks, file_bytes, struct profile_look, rss.file_bytes),
	COLUMN(pb_looks, shmem_bytes, struct profile_look, rss.shmem_bytes),
	COLUMN(pb_looks, swap_bytes, struct profile_look, rss.swap_bytes),
	COLUMN(pb_looks, live_bytes, struct profile_look, heap.live_bytes),
	COLUMN(pb_looks, live_objects, struct profile_look, heap.live_objects),
	COLUMN(pb_looks, alloc_bytes, struct profile_look, heap.alloc_bytes),
	COLUMN(pb_looks, alloc_objects, struct profile_look, heap.alloc_objects),
	COLUMN(pb_looks, unmatched_frees, struct profile_look, unmatched_frees),
};

static const struct column activity_columns[] = {
	COLUMN(pb_looks, obtained_bytes, struct profile_look, obtained_bytes),
	COLUMN(pb_looks, released_bytes, struct profile_look, released_bytes),
};

static const struct column point_columns[] = {
	COLUMN(pb_site_looks, live_bytes, struct profile_point, live_bytes),
	COLUMN(pb_site_looks, live_objects, struct profile_point, live_objects),
	COLUMN(pb_site_looks, alloc_bytes, struct profile_point, alloc_bytes),
	COLUMN(pb_site_looks, alloc_objects, struct profile_point, alloc_objects),
};

/* An array of rows of either kind, and how many bytes each has. */
struct rows {
	void *first;
	size_t count, size;
};

static uint64_t *member_of(const struct column *column, const struct rows *rows, size_t i)
{
	return (uint64_t *)(void *)((char *)rows->first + i * rows->size + column->member);
}

/* ---- writing */

/* Returns where the next column's numbers go. */
static int64_t *write_columns(const struct column *columns, size_t count, const struct rows *rows, int64_t *numbers,
			      void *message)
{
	for (size_t c = 0; c < count; c++) {
		uint64_t before = 0;

		*(size_t *)(void *)((char *)message + columns[c].length) = rows->count;
		*(int64_t **)(void *)((char *)message + columns[c].numbers) = numbers;
		for (size_t i = 0; i < rows->count; i++) {
			uint64_t number = *member_of(&columns[c], rows, i);

			*numbers++ = (int64_t)(number - before);
			before = number;
		}
	}
	return numbers;
}

static bool has_births(const struct profile_site *site)
{
	for (size_t i = 0; i < PROFILE_BIRTHS; i++)
		if (site->births[i])
			return true;
	return false;
}

static int64_t *write_site(const struct profile *profile, const struct profile_site *site, int64_t *numbers,
			   pb_site_looks *message)
{
	struct rows rows = {(void *)site->points, profile->look_count, sizeof(*site->points)};

	perftools__profiles__site_looks__init(message);
	if (site->points)
		numbers = write_columns(point_columns, ARRAY_SIZE(point_columns), &rows, numbers, message);
	if (has_births(site)) {
		message->births = (uint64_t *)site->births;
		message->n_births = PROFILE_BIRTHS;
	}
	return numbers;
}

int pprof_looks__write(const struct profile *profile, struct pprof_looks *looks)
{
	size_t looks_count = profile->look_count, sites = profile->site_count;
	struct rows rows = {profile->looks, looks_count, sizeof(*profile->looks)};
	size_t numbers_each =
		ARRAY_SIZE(look_columns) + ARRAY_SIZE(activity_columns) + 1 + ARRAY_SIZE(point_columns) * sites;
	int64_t *next;
	double *seconds;

	perftools__profiles__looks__init(&looks->message);
	looks->sites = calloc(sites + 1, sizeof(pb_site_looks));
	looks->pointers = calloc(sites + 1, sizeof(pb_site_looks *));
	looks->numbers = calloc(looks_count * numbers_each + 1, sizeof(*next));
	if (!looks->sites || !looks->pointers || !looks->numbers)
		return -ENOMEM;
	seconds = looks->numbers;
	for (size_t i = 0; i < looks_count; i++)
		seconds[i] = profile->looks[i].seconds;
	looks->message.seconds = seconds;
	looks->message.n_seconds = looks_count;
	next = (int64_t *)looks->numbers + looks_count;
	next = write_columns(look_columns, ARRAY_SIZE(look_columns), &rows, next, &looks->message);
	if (profile->activity.watched)
		next = write_columns(activity_columns, ARRAY_SIZE(activity_columns), &rows, next, &looks->message);
	looks->message.site = looks->pointers;
	looks->message.n_site = sites;
	for (size_t i = 0; i < sites; i++) {
		looks->message.site[i] = (pb_site_looks *)looks->sites + i;
		next = write_site(profile, &profile->sites[i], next, looks->message.site[i]);
	}
	return 0;
}

void pprof_looks__free(struct pprof_looks *looks)
{
	free(looks->sites);
	free(looks->pointers);
	free(looks->numbers);
}

/* ---- reading */

static bool read_columns(const struct column *columns, size_t count, const void *message, const struct rows *rows)
{
	for (size_t c = 0; c < count; c++) {
		const int64_t *numbers = *(int64_t *const *)(const void *)((const char *)message + columns[c].numbers);
		uint64_t number = 0;

		if (*(const size_t *)(const void *)((const char *)message + columns[c].length) != rows->count)
			return false;
		for (size_t i = 0; i < rows->count; i++) {
			number += (uint64_t)numbers[i];
			if (number > INT64_MAX)
				return false;
			*member_of(&columns[c], rows, i) = number;
		}
	}
	return true;
}

static bool read_seconds(const pb_looks *message, struct profile_look *looks)
{
	for (size_t i = 0; i < message->n_seconds; i++) {
		looks[i].seconds = message->seconds[i];
		if (!isfinite(looks[i].seconds) || looks[i].seconds < (i ? looks[i - 1].seconds : 0))
			return false;
	}
	return true;
}

/* Sums of births must not overflow. */
static bool read_births(const pb_site_looks *message, struct profile_site *site)
{
	if (message->n_births && message->n_births != PROFILE_BIRTHS)
		return false;
	for (size_t i = 0; i < message->n_births; i++) {
		if (message->births[i] > INT64_MAX / PROFILE_BIRTHS)
			return false;
		site->births[i] = message->births[i];
	}
	return true;
}

static bool read_site(const pb_site_looks *message, size_t look_count, struct profile_point **next,
		      struct profile_site *site)
{
	struct rows rows = {*next, look_count, sizeof(**next)};

	if (!read_births(message, site))
		return false;
	if (!message->n_live_bytes)
		return true;
	if (!read_columns(point_columns, ARRAY_SIZE(point_columns), message, &rows))
		return false;
	site->points = *next;
	*next += look_count;
	return true;
}

/* Of all sites; no more than there are in the message, as it may be made to exhaust memory. */
static bool count_points(const pb_looks *message, size_t *count)
{
	for (size_t i = 0; i < message->n_site; i++) {
		size_t length = message->site[i]->n_live_bytes;

		if (length && length != message->n_seconds)
			return false;
		*count += length;
	}
	return true;
}

static bool read_all(const pb_looks *message, struct profile *profile)
{
	struct rows rows = {profile->looks, message->n_seconds, sizeof(*profile->looks)};
	struct profile_point *next = profile->points;

	if (!read_seconds(message, profile->looks) ||
	    !read_columns(look_columns, ARRAY_SIZE(look_columns), message, &rows))
		return false;
	if (message->n_obtained_bytes && !read_columns(activity_columns, ARRAY_SIZE(activity_columns), message, &rows))
		return false;
	for (size_t i = 0; i < message->n_site; i++)
		if (!read_site(message->site[i], message->n_seconds, &next, &profile->sites[i]))
			return false;
	return true;
}

int pprof_looks__read(const pb_looks *message, struct profile *profile)
{
	size_t points = 0;

	if (message->n_site != profile->site_count || message->n_seconds > LOOKS_MAX || !count_points(message, &points))
		return -EINVAL;
	if (!message->n_seconds)
		return 0;
	profile->looks = calloc(message->n_seconds, sizeof(*profile->looks));
	profile->points = calloc(points + 1, sizeof(*profile->points));
	if (!profile->looks || !profile->points)
		return -ENOMEM;
	profile->look_count = message->n_seconds;
	return read_all(message, profile) ? 0 : -EINVAL;
}
