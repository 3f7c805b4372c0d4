/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <string.h>

#include "lib/json_value.h"
#include "lib/units.h"
#include "render/pieces.h"
#include "render/render.h"

void render__list_text(const struct listing *listing, size_t width, struct buf *out)
{
	char time[40], window[32], live[32], rss[32];
	struct buf line = {0};
	int name_width = 4;

	for (size_t i = 0; i < listing->count; i++) /* names are plain ASCII: store__check_name() */
		if ((int)strlen(listing->rows[i].name) > name_width)
			name_width = (int)strlen(listing->rows[i].name);
	buf__add_format(&line, "%-*s  %-24s  %8s  %10s  %9s  %10s  %7s  %s", name_width, "name", "time", "window",
			"live", "blocks", "rss", "pid", "command");
	pieces__add_line(out, &line, width);
	for (size_t i = 0; i < listing->count; i++) {
		const struct listing_row *row = &listing->rows[i];

		buf__add_format(&line, "%-*s  %-24s  %8s", name_width, row->name,
				row->time_ns ? units__format_time(time, sizeof(time), row->time_ns) : "-",
				units__format_seconds(window, sizeof(window), row->seconds));
		buf__add_format(&line, "  %10s  %9" PRIu64 "  %10s  %7d  ",
				units__format_bytes(live, sizeof(live), (double)row->live_bytes), row->live_objects,
				units__format_bytes(rss, sizeof(rss), (double)row->rss_bytes), (int)row->pid);
		pieces__add_escaped(&line, row->comm ? row->comm : "-");
		pieces__add_line(out, &line, width);
	}
	buf__free(&line);
}

void render__list_json(const struct listing *listing, struct buf *out)
{
	json_t *root = json_object(), *array = json_array();

	json_object_set_new(root, "schema", json_string("memtrawl.list/1"));
	for (size_t i = 0; i < listing->count; i++) {
		const struct listing_row *row = &listing->rows[i];
		json_t *object = json_object();

		json_object_set_new(object, "name", json_value__text(row->name));
		json_object_set_new(object, "path", json_value__text(row->path));
		json_object_set_new(object, "pid", json_integer(row->pid));
		json_object_set_new(object, "comm", json_value__text(row->comm));
		json_object_set_new(object, "time", json_value__time(row->time_ns));
		json_object_set_new(object, "seconds", json_value__number(row->seconds));
		json_object_set_new(object, "live_bytes", json_value__count(row->live_bytes));
		json_object_set_new(object, "live_objects", json_value__count(row->live_objects));
		json_object_set_new(object, "rss_bytes", json_value__count(row->rss_bytes));
		json_array_append_new(array, object);
	}
	json_object_set_new(root, "snapshots", array);
	pieces__add_json(out, root);
}

void render__list_csv(const struct listing *listing, struct buf *out)
{
	char time[40];

	buf__add_string(out, "name,time,seconds,live_bytes,live_objects,rss_bytes,pid,comm,path\r\n");
	for (size_t i = 0; i < listing->count; i++) {
		const struct listing_row *row = &listing->rows[i];

		pieces__add_csv(out, "", row->name);
		buf__add_format(out, ",%s,%.15g,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%d",
				row->time_ns ? units__format_time(time, sizeof(time), row->time_ns) : "", row->seconds,
				row->live_bytes, row->live_objects, row->rss_bytes, (int)row->pid);
		pieces__add_csv(out, ",", row->comm ? row->comm : "");
		pieces__add_csv(out, ",", row->path);
		buf__add_string(out, "\r\n");
	}
}
