/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/json_parts.h"

#include "lib/json_value.h"

static void set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new_nocheck(object, key, value);
}

json_t *json_parts__process(const struct profile_process *process)
{
	json_t *object = json_object();

	set(object, "pid", json_integer(process->pid));
	set(object, "comm", json_value__text(process->comm));
	set(object, "exe", json_value__text(process->exe));
	set(object, "cmdline", json_value__text(process->cmdline));
	set(object, "start_time", json_value__time(process->start_time_ns));
	set(object, "build_id", json_value__text(process->build_id));
	set(object, "host", json_value__text(process->host));
	set(object, "boot_id", json_value__text(process->boot_id));
	return object;
}

static json_t *frame_of(const struct report_frame *frame, bool with_source)
{
	json_t *object = json_object();

	set(object, "function", json_value__text(frame->function));
	set(object, "file", json_value__text(frame->file));
	set(object, "line", frame->line ? json_integer(frame->line) : json_null());
	if (with_source)
		set(object, "source", json_value__text(frame->source));
	set(object, "object", json_value__text(frame->object));
	set(object, "build_id", json_value__text(frame->build_id));
	set(object, "offset", frame->has_offset ? json_value__count(frame->offset) : json_null());
	set(object, "inlined", json_boolean(frame->inlined));
	return object;
}

json_t *json_parts__frames(const struct report_row *row, bool with_source)
{
	json_t *array = json_array();

	for (size_t i = 0; i < row->frame_count; i++)
		json_array_append_new(array, frame_of(&row->frames[i], with_source));
	return array;
}
