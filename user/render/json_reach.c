/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/json_reach.h"

#include <stdio.h>

#include "lib/json_value.h"

static void set_blocks(json_t *object, const char *key, const struct profile_blocks *blocks)
{
	char name[64];

	snprintf(name, sizeof(name), "%s_bytes", key);
	json_value__set(object, name, json_value__count(blocks->bytes));
	snprintf(name, sizeof(name), "%s_objects", key);
	json_value__set(object, name, json_value__count(blocks->objects));
}

static void set_classes(json_t *object, const struct profile_blocks reach[REACH_CLASSES])
{
	set_blocks(object, "definitely_lost", &reach[REACH_DEFINITE]);
	set_blocks(object, "indirectly_lost", &reach[REACH_INDIRECT]);
	set_blocks(object, "possibly_lost", &reach[REACH_POSSIBLY]);
	set_blocks(object, "reachable", &reach[REACH_REACHABLE]);
}

json_t *json_reach__of(const struct report *report)
{
	const struct profile_reach *reach = &report->subject.reach;
	json_t *object;

	if (!reach->known)
		return json_null();
	object = json_object();
	json_value__set(object, "stopped", json_boolean(reach->stopped));
	json_value__set(object, "passes", json_value__count(reach->passes));
	json_value__set(object, "seconds", json_value__number(reach->seconds));
	json_value__set(object, "pause_seconds", json_value__number(reach->pause_seconds));
	json_value__set(object, "memory_seconds", json_value__number(reach->memory_seconds));
	json_value__set(object, "threads", json_value__count(reach->threads));
	json_value__set(object, "scanned_bytes", json_value__count(reach->scanned_bytes));
	json_value__set(object, "unread_bytes", json_value__count(reach->unread_bytes));
	set_classes(object, report->reach);
	set_blocks(object, "freed_meanwhile", &reach->gone);
	return object;
}

json_t *json_reach__classes(const struct profile_blocks classes[REACH_CLASSES])
{
	json_t *object = json_object();

	set_classes(object, classes);
	return object;
}

json_t *json_reach__site(const struct report_counts *counts)
{
	json_t *object = json_reach__classes(counts->reach);

	set_blocks(object, "behind", &counts->behind);
	return object;
}
