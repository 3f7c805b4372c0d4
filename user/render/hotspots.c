/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/hotspots.h"

#include <inttypes.h>

#include "lib/json_value.h"
#include "lib/units.h"
#include "render/pieces.h"

/* ---- text */

static void add_bytes(struct buf *line, int width, double bytes, const char *unit)
{
	char text[32], cell[48];

	snprintf(cell, sizeof(cell), "%s%s", units__format_bytes(text, sizeof(text), bytes), unit);
	buf__add_format(line, "  %*s", width, cell);
}

static void add_row(const struct hotspot *row, struct buf *line)
{
	buf__add_format(line, "%7d", (int)row->pid);
	add_bytes(line, 10, (double)row->rss_bytes, "");
	add_bytes(line, 10, row->rss_average, "");
	add_bytes(line, 10, row->rss_min, "");
	add_bytes(line, 10, row->rss_max, "");
	if (row->cpu_known)
		buf__add_format(line, "  %5.1f %5.1f", row->cpu_average, row->cpu_max);
	else
		buf__add_string(line, "      -     -");
	if (row->growth_known)
		add_bytes(line, 12, row->growth_per_hour, "/h");
	else
		buf__add_format(line, "  %12s", "-");
	if (row->threshold_bytes)
		add_bytes(line, 10, (double)row->threshold_bytes, row->above ? "!" : "");
	else
		buf__add_format(line, "  %10s", row->above ? "!" : "-");
	buf__add_format(line, "  %8" PRIu64 "  %7" PRIu64 "  ", row->captures, row->samples);
	pieces__add_escaped(line, row->comm);
}

void render__hotspots_text(const struct hotspots_report *report, size_t width, struct buf *out)
{
	struct buf line = {0};
	char since[40];

	buf__add_format(&line,
			"watching %zu process%s since %s: %" PRIu64 " capture%s, %" PRIu64 " failed, %" PRIu64
			" under way, %" PRIu64 " killed by the kernel for memory",
			report->count, report->count == 1 ? "" : "es",
			units__format_time(since, sizeof(since), report->since_ns), report->captures,
			report->captures == 1 ? "" : "s", report->failures, report->under_way, report->victims);
	pieces__add_line(out, &line, width);
	if (report->hooks_failed || report->hooks_timed_out || report->hooks_dropped) {
		buf__add_format(
			&line,
			"on-capture: %" PRIu64 " started, %" PRIu64 " failed, %" PRIu64 " killed, %" PRIu64 " not run",
			report->hooks_started, report->hooks_failed, report->hooks_timed_out, report->hooks_dropped);
		pieces__add_line(out, &line, width);
	}
	if (report->events_lost || report->peaks_lost || report->journal_lost) {
		buf__add_format(&line, "lost: %" PRIu64 " process events, %" PRIu64 " peaks, %" PRIu64 " journal lines",
				report->events_lost, report->peaks_lost, report->journal_lost);
		pieces__add_line(out, &line, width);
	}
	if (report->rest_seconds > 0) {
		buf__add_format(&line, "too many changes to follow for %s: alarms up to a second late then",
				units__format_seconds(since, sizeof(since), report->rest_seconds));
		pieces__add_line(out, &line, width);
	}
	buf__add_format(&line, "\n%7s  %10s  %10s  %10s  %10s  %5s %5s  %12s  %10s  %8s  %7s  %s", "pid", "rss",
			"average", "min", "max", "cpu %", "max", "growth", "threshold", "captures", "samples",
			"command");
	pieces__add_line(out, &line, width);
	for (size_t i = 0; i < report->count; i++) {
		add_row(&report->rows[i], &line);
		pieces__add_line(out, &line, width);
	}
	buf__free(&line);
}

/* ---- JSON */

static json_t *figure_of(double average, double min, double max)
{
	json_t *object = json_object();

	json_value__set(object, "average", json_value__number(average));
	json_value__set(object, "min", json_value__number(min));
	json_value__set(object, "max", json_value__number(max));
	return object;
}

static json_t *count_or_null(uint64_t count)
{
	return count ? json_value__count(count) : json_null();
}

static json_t *row_of(const struct hotspot *row)
{
	json_t *object = json_object();

	json_value__set(object, "pid", json_integer(row->pid));
	json_value__set(object, "comm", json_value__text(row->comm));
	json_value__set(object, "cgroup", json_value__text(row->cgroup));
	json_value__set(object, "seconds", json_value__number(row->seconds));
	json_value__set(object, "samples", json_value__count(row->samples));
	json_value__set(object, "rss_bytes", json_value__count(row->rss_bytes));
	json_value__set(object, "rss", figure_of(row->rss_average, row->rss_min, row->rss_max));
	json_value__set(object, "cpu_percent",
			row->cpu_known ? figure_of(row->cpu_average, row->cpu_min, row->cpu_max) : json_null());
	json_value__set(object, "growth_bytes_per_hour",
			row->growth_known ? json_value__number(row->growth_per_hour) : json_null());
	json_value__set(object, "rss_threshold_bytes", count_or_null(row->threshold_bytes));
	json_value__set(object, "growth_threshold_bytes_per_hour",
			row->threshold_growth > 0 ? json_value__number(row->threshold_growth) : json_null());
	json_value__set(object, "above_threshold", json_boolean(row->above));
	json_value__set(object, "limit_bytes", count_or_null(row->limit_bytes));
	json_value__set(object, "limit_used_bytes",
			row->limit_bytes ? json_value__count(row->used_bytes) : json_null());
	json_value__set(object, "crossings", json_value__count(row->crossings));
	json_value__set(object, "crossings_skipped", json_value__count(row->skipped));
	json_value__set(object, "captures", json_value__count(row->captures));
	json_value__set(object, "captures_failed", json_value__count(row->failures));
	json_value__set(object, "last_snapshot", json_value__text(row->last_path));
	return object;
}

static json_t *hooks_of(const struct hotspots_report *report)
{
	json_t *object = json_object();

	json_value__set(object, "started", json_value__count(report->hooks_started));
	json_value__set(object, "failed", json_value__count(report->hooks_failed));
	json_value__set(object, "timed_out", json_value__count(report->hooks_timed_out));
	json_value__set(object, "dropped", json_value__count(report->hooks_dropped));
	return object;
}

static json_t *loss_of(const struct hotspots_report *report)
{
	json_t *object = json_object();

	json_value__set(object, "events", json_value__count(report->events_lost));
	json_value__set(object, "peaks", json_value__count(report->peaks_lost));
	json_value__set(object, "journal_lines", json_value__count(report->journal_lost));
	json_value__set(object, "rest_seconds", json_value__number(report->rest_seconds));
	return object;
}

void render__hotspots_json(const struct hotspots_report *report, struct buf *out)
{
	json_t *root = json_object(), *rows = json_array();

	json_value__set(root, "schema", json_string("memtrawl.hotspots/1"));
	json_value__set(root, "since", json_value__time(report->since_ns));
	json_value__set(root, "time", json_value__time(report->time_ns));
	json_value__set(root, "looks", json_value__count(report->looks));
	json_value__set(root, "captures", json_value__count(report->captures));
	json_value__set(root, "captures_failed", json_value__count(report->failures));
	json_value__set(root, "captures_under_way", json_value__count(report->under_way));
	json_value__set(root, "victims", json_value__count(report->victims));
	json_value__set(root, "hooks", hooks_of(report));
	json_value__set(root, "loss", loss_of(report));
	for (size_t i = 0; i < report->count; i++)
		json_array_append_new(rows, row_of(&report->rows[i]));
	json_value__set(root, "processes", rows);
	pieces__add_json(out, root);
}
