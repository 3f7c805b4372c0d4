/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `top` for programs. */
#include <inttypes.h>
#include <stdlib.h>

#include "lib/json_value.h"
#include "lib/units.h"
#include "render/pieces.h"
#include "render/top.h"

/* Data is asked for as a list: cgroups have a place of their own. */
static bool is_shown(const struct top_report *report, size_t line)
{
	return !report->top_n || line < report->top_n;
}

static const char *path_of(const struct census *census, int group)
{
	return group >= 0 ? census->groups[group].cgroup.path : NULL;
}

/* ---- JSON */

static void set_count(json_t *object, const char *key, uint64_t count)
{
	json_object_set_new(object, key, json_value__count(count));
}

static void set_known(json_t *object, const char *key, bool known, double number)
{
	json_object_set_new(object, key, known ? json_value__number(number) : json_null());
}

static void set_figures(json_t *object, const struct census_figures *figures)
{
	set_count(object, "rss_bytes", figures->rss_bytes);
	set_count(object, "anon_bytes", figures->anon_bytes);
	set_count(object, "file_bytes", figures->file_bytes);
	set_count(object, "shmem_bytes", figures->shmem_bytes);
	set_count(object, "swap_bytes", figures->swap_bytes);
	set_known(object, "growth_bytes_per_hour", figures->rates_known, figures->growth_per_hour);
	set_known(object, "faults_per_second", figures->rates_known, figures->faults_per_second);
	set_known(object, "major_faults_per_second", figures->rates_known, figures->major_faults_per_second);
	set_known(object, "cpu_percent", figures->rates_known, figures->cpu_percent);
}

static json_t *limit_of(const struct census *census, const struct census_limit *limit)
{
	json_t *object;

	if (limit->group == CENSUS_LIMIT_UNKNOWN)
		return json_null();
	object = json_object();
	json_object_set_new(object, "cgroup", json_value__text(path_of(census, limit->group)));
	set_count(object, "bytes", limit->limit_bytes);
	set_count(object, "used_bytes", limit->used_bytes);
	set_known(object, "growth_bytes_per_hour", limit->growth_known, limit->growth_per_hour);
	set_known(object, "seconds_left", limit->seconds >= 0, limit->seconds);
	return object;
}

static json_t *process_of(const struct top_report *report, const struct census_row *row)
{
	const struct census_sample *sample = &row->sample;
	json_t *object = json_object();

	set_count(object, "pid", (uint64_t)sample->pid);
	set_count(object, "parent_pid", (uint64_t)sample->parent);
	json_object_set_new(object, "comm", json_value__text(sample->comm));
	json_object_set_new(object, "start_time", json_value__time(report->boot_ns + (int64_t)sample->start_ns));
	set_count(object, "threads", sample->threads);
	set_figures(object, &row->figures);
	set_count(object, "peak_bytes", sample->peak_bytes);
	json_object_set_new(object, "peak_time",
			    json_value__time(sample->peak_ns ? report->monotonic_ns + (int64_t)sample->peak_ns : 0));
	set_count(object, "vm_bytes", sample->vm_bytes);
	set_count(object, "data_bytes", sample->data_bytes);
	json_object_set_new(object, "cgroup", json_value__text(path_of(report->census, sample->group)));
	json_object_set_new(object, "limit", limit_of(report->census, &row->limit));
	return object;
}

static json_t *cgroup_of(const struct top_report *report, const struct census_group *group)
{
	json_t *object = json_object();

	json_object_set_new(object, "path", json_value__text(group->cgroup.path));
	set_count(object, "processes", group->processes);
	set_figures(object, &group->figures);
	json_object_set_new(object, "limit", limit_of(report->census, &group->limit));
	return object;
}

static json_t *machine_of(const struct census *census)
{
	json_t *object = json_object();

	set_count(object, "processes", census->count);
	set_figures(object, &census->machine);
	json_object_set_new(object, "limit", limit_of(census, &census->machine_limit));
	return object;
}

static json_t *loss_of(const struct top_report *report)
{
	json_t *object = json_object();

	set_count(object, "peaks", report->peaks_lost);
	set_count(object, "events", report->events_lost);
	json_object_set_new(object, "rest_seconds", json_value__number(report->rest_seconds));
	return object;
}

void render__top_json(const struct top_report *report, struct buf *out)
{
	json_t *root = json_object(), *processes = json_array(), *cgroups = json_array();

	json_object_set_new(root, "schema", json_string("memtrawl.top/1"));
	json_object_set_new(root, "time", json_value__time(report->time_ns));
	json_object_set_new(root, "seconds", json_value__number(report->seconds));
	set_count(root, "peak_bound_bytes", report->peak_bound_bytes);
	json_object_set_new(root, "loss", loss_of(report));
	json_object_set_new(root, "machine", machine_of(report->census));
	for (size_t i = 0; i < report->view->count; i++)
		if (is_shown(report, i) && report->view->lines[i].row)
			json_array_append_new(processes, process_of(report, report->view->lines[i].row));
	json_object_set_new(root, "processes", processes);
	for (size_t i = 0; i < report->census->group_count; i++)
		if (report->census->groups[i].processes)
			json_array_append_new(cgroups, cgroup_of(report, &report->census->groups[i]));
	json_object_set_new(root, "cgroups", cgroups);
	pieces__add_json(out, root);
}

/* ---- CSV */

static void add_known(struct buf *out, bool known, double number)
{
	if (known)
		buf__add_format(out, ",%.15g", number);
	else
		buf__add_string(out, ",");
}

static void add_process(const struct top_report *report, const struct census_row *row, struct buf *out)
{
	const struct census_figures *figures = &row->figures;
	const struct census_limit *limit = &row->limit;
	const char *cgroup = path_of(report->census, row->sample.group),
		   *limited = path_of(report->census, limit->group);
	char time[40];

	buf__add_format(out, "%s,%d", units__format_time(time, sizeof(time), report->time_ns), (int)row->sample.pid);
	pieces__add_csv(out, ",", row->sample.comm);
	buf__add_format(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64,
			figures->rss_bytes, figures->anon_bytes, figures->file_bytes, figures->shmem_bytes,
			figures->swap_bytes, row->sample.peak_bytes);
	add_known(out, figures->rates_known, figures->growth_per_hour);
	add_known(out, figures->rates_known, figures->faults_per_second);
	add_known(out, figures->rates_known, figures->major_faults_per_second);
	add_known(out, figures->rates_known, figures->cpu_percent);
	pieces__add_csv(out, ",", cgroup ? cgroup : "");
	pieces__add_csv(out, ",", limited ? limited : "");
	if (limit->group == CENSUS_LIMIT_UNKNOWN)
		buf__add_string(out, ",,");
	else
		buf__add_format(out, ",%" PRIu64 ",%" PRIu64, limit->limit_bytes, limit->used_bytes);
	add_known(out, limit->seconds >= 0, limit->seconds);
	buf__add_string(out, "\r\n");
}

void render__top_csv(const struct top_report *report, struct buf *out)
{
	buf__add_string(out, "time,pid,comm,rss_bytes,anon_bytes,file_bytes,shmem_bytes,swap_bytes,peak_bytes,"
			     "growth_bytes_per_hour,faults_per_second,major_faults_per_second,cpu_percent,cgroup,"
			     "limit_cgroup,limit_bytes,limit_used_bytes,limit_seconds_left\r\n");
	for (size_t i = 0; i < report->view->count; i++)
		if (is_shown(report, i) && report->view->lines[i].row)
			add_process(report, report->view->lines[i].row, out);
}
