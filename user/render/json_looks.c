/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/json_looks.h"

#include <inttypes.h>

#include "lib/array.h"
#include "lib/json_value.h"
#include "render/json_parts.h"

static const struct series {
	const char *name;
	size_t offset;
} all_series[] = {
	{"live_bytes", offsetof(struct profile_point, live_bytes)},
	{"live_objects", offsetof(struct profile_point, live_objects)},
	{"alloc_bytes", offsetof(struct profile_point, alloc_bytes)},
	{"alloc_objects", offsetof(struct profile_point, alloc_objects)},
};

static json_t *count_of(const struct series *series, const struct profile_point *point)
{
	return json_value__count(*(const uint64_t *)((const char *)point + series->offset));
}

static json_t *look_of(const struct profile_look *look)
{
	json_t *object = json_object();

	json_object_set_new(object, "seconds", json_value__number(look->seconds));
	json_object_set_new(object, "rss_bytes", json_value__count(look->rss.current_bytes));
	json_object_set_new(object, "anon_bytes", json_value__count(look->rss.anon_bytes));
	json_object_set_new(object, "file_bytes", json_value__count(look->rss.file_bytes));
	json_object_set_new(object, "shmem_bytes", json_value__count(look->rss.shmem_bytes));
	json_object_set_new(object, "swap_bytes", json_value__count(look->rss.swap_bytes));
	for (size_t i = 0; i < ARRAY_SIZE(all_series); i++)
		json_object_set_new(object, all_series[i].name, count_of(&all_series[i], &look->heap));
	json_object_set_new(object, "unmatched_frees", json_value__count(look->unmatched_frees));
	json_object_set_new(object, "obtained_bytes", json_value__count(look->obtained_bytes));
	json_object_set_new(object, "released_bytes", json_value__count(look->released_bytes));
	return object;
}

json_t *json_looks__of(const struct report_subject *subject)
{
	json_t *array = json_array();

	for (size_t i = 0; i < subject->look_count; i++)
		json_array_append_new(array, look_of(&subject->looks[i]));
	return array;
}

json_t *json_looks__series(const struct report_subject *subject, const struct report_row *row)
{
	json_t *object;

	if (!row->points)
		return json_null();
	object = json_object();
	for (size_t s = 0; s < ARRAY_SIZE(all_series); s++) {
		json_t *array = json_array();

		for (size_t i = 0; i < subject->look_count; i++)
			json_array_append_new(array, count_of(&all_series[s], &row->points[i]));
		json_object_set_new(object, all_series[s].name, array);
	}
	return object;
}

json_t *json_looks__births(const struct report_counts *counts)
{
	json_t *array = json_array();

	for (int i = 0; i < PROFILE_BIRTHS; i++)
		json_array_append_new(array, json_value__count(counts->births[i]));
	return array;
}

static json_t *mover_of(const struct report_mover *mover)
{
	const struct report_row row = {.frames = mover->frames, .frame_count = mover->frame_count};
	json_t *object = json_object();

	json_object_set_new(object, "id", json_sprintf("%016" PRIx64, mover->id));
	json_object_set_new(object, "live_bytes", json_integer(mover->live_bytes));
	json_object_set_new(object, "frames", json_parts__frames(&row, false));
	return object;
}

json_t *json_looks__jumps(const struct report *report)
{
	const struct profile_look *looks = report->subject.looks;
	json_t *array = json_array();

	for (size_t i = 0; i < report->jump_count; i++) {
		const struct report_jump *each = &report->jumps[i];
		json_t *object = json_object(), *sites = json_array();

		json_object_set_new(object, "from_seconds", json_value__number(looks[each->jump.from].seconds));
		json_object_set_new(object, "seconds", json_value__number(looks[each->jump.to].seconds));
		json_object_set_new(object, "rss_bytes", json_integer(each->jump.rss_bytes));
		json_object_set_new(object, "live_bytes", json_integer(each->jump.live_bytes));
		json_object_set_new(object, "deviations", json_value__number(each->jump.deviations));
		for (size_t m = 0; m < each->mover_count; m++)
			json_array_append_new(sites, mover_of(&each->movers[m]));
		json_object_set_new(object, "sites", sites);
		json_array_append_new(array, object);
	}
	return array;
}
