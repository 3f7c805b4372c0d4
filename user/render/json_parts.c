/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/json_parts.h"

#include "lib/json_value.h"

json_t *json_parts__process(const struct profile_process *process)
{
	json_t *object = json_object();

	json_value__set(object, "pid", json_integer(process->pid));
	json_value__set(object, "comm", json_value__text(process->comm));
	json_value__set(object, "exe", json_value__text(process->exe));
	json_value__set(object, "cmdline", json_value__text(process->cmdline));
	json_value__set(object, "start_time", json_value__time(process->start_time_ns));
	json_value__set(object, "build_id", json_value__text(process->build_id));
	json_value__set(object, "host", json_value__text(process->host));
	json_value__set(object, "boot_id", json_value__text(process->boot_id));
	return object;
}

static json_t *frame_of(const struct report_frame *frame, bool with_source)
{
	json_t *object = json_object();

	json_value__set(object, "function", json_value__text(frame->function));
	json_value__set(object, "file", json_value__text(frame->file));
	json_value__set(object, "line", frame->line ? json_integer(frame->line) : json_null());
	if (with_source)
		json_value__set(object, "source", json_value__text(frame->source));
	json_value__set(object, "object", json_value__text(frame->object));
	json_value__set(object, "build_id", json_value__text(frame->build_id));
	json_value__set(object, "offset", frame->has_offset ? json_value__count(frame->offset) : json_null());
	json_value__set(object, "inlined", json_boolean(frame->inlined));
	return object;
}

json_t *json_parts__frames(const struct report_row *row, bool with_source)
{
	json_t *array = json_array();

	for (size_t i = 0; i < row->frame_count; i++)
		json_array_append_new(array, frame_of(&row->frames[i], with_source));
	return array;
}
