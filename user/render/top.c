/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/top.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/units.h"
#include "lib/utf8.h"
#include "render/pieces.h"

/* Of a terminal with as many columns all of the table is shown, else the kinds that matter most. */
enum { ALL_WIDTH = 100, COMMAND_WIDTH = 15, NARROW_COMMAND_WIDTH = 11, YEAR_SECONDS = 365 * 86400 };

static bool has_all_kinds(size_t width)
{
	return !width || width >= ALL_WIDTH;
}

static int command_width(size_t width)
{
	return has_all_kinds(width) ? COMMAND_WIDTH : NARROW_COMMAND_WIDTH;
}

/* ---- figures */

static void add_bytes(struct buf *line, uint64_t bytes)
{
	char text[32];

	buf__add_format(line, " %5s", units__format_short(text, sizeof(text), (double)bytes));
}

static void add_growth(struct buf *line, const struct census_figures *figures)
{
	char text[32], sign[34];

	units__format_short(text, sizeof(text), figures->growth_per_hour);
	snprintf(sign, sizeof(sign), "%s%s", *text == '-' || !strcmp(text, "0") ? "" : "+", text);
	buf__add_format(line, " %8s", figures->rates_known ? sign : "-");
}

static void add_faults(struct buf *line, const struct census_figures *figures)
{
	if (!figures->rates_known)
		buf__add_format(line, " %6s", "-");
	else if (figures->faults_per_second < 999999.5)
		buf__add_format(line, " %6.0f", figures->faults_per_second);
	else
		buf__add_format(line, " %5.0fM", figures->faults_per_second / 1e6);
}

static void add_time_left(struct buf *line, const struct census_limit *limit)
{
	char text[32] = "-";

	if (limit->seconds >= YEAR_SECONDS)
		snprintf(text, sizeof(text), "> 1y");
	else if (limit->seconds >= 0)
		units__format_seconds(text, sizeof(text), limit->seconds);
	buf__add_format(line, " %7s", text);
}

static void add_figures(struct buf *line, const struct census_figures *figures, size_t width)
{
	add_bytes(line, figures->rss_bytes);
	add_bytes(line, figures->anon_bytes);
	if (has_all_kinds(width)) {
		add_bytes(line, figures->file_bytes);
		add_bytes(line, figures->shmem_bytes);
	}
	add_bytes(line, figures->swap_bytes);
	if (figures->peak_bytes)
		add_bytes(line, figures->peak_bytes);
	else
		buf__add_format(line, " %5s", "-");
	add_growth(line, figures);
	add_faults(line, figures);
}

/* ---- the whole */

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static void add_signed(struct buf *line, double bytes)
{
	char text[32];

	units__format_bytes(text, sizeof(text), bytes);
	buf__add_format(line, "%s%s", *text == '-' ? "" : "+", text);
}

void render__top_limit(const struct census *census, const struct census_limit *limit, struct buf *out)
{
	char used[32], bytes[32], time[32];

	if (limit->group == CENSUS_LIMIT_UNKNOWN) {
		buf__add_string(out, "limit unknown");
		return;
	}
	if (limit->group == CENSUS_LIMIT_MACHINE) {
		buf__add_string(out, "machine: ");
	} else {
		buf__add_string(out, "cgroup ");
		pieces__add_escaped(out, census->groups[limit->group].cgroup.path);
		buf__add_string(out, ": ");
	}
	buf__add_format(out, "%s of %s", units__format_bytes(used, sizeof(used), (double)limit->used_bytes),
			units__format_bytes(bytes, sizeof(bytes), (double)limit->limit_bytes));
	if (limit->seconds >= YEAR_SECONDS)
		buf__add_string(out, ", not full in a year");
	else if (limit->seconds >= 0)
		buf__add_format(out, ", full in %s", units__format_seconds(time, sizeof(time), limit->seconds));
}

static void add_totals(const struct top_report *report, struct buf *line)
{
	const struct census *census = report->census;
	char text[32];

	buf__add_format(line, "%zu process%s, rss %s", census->count, census->count == 1 ? "" : "es",
			units__format_bytes(text, sizeof(text), (double)census->machine.rss_bytes));
	if (census->machine.rates_known) {
		buf__add_string(line, " ");
		add_signed(line, census->machine.growth_per_hour);
		buf__add_string(line, "/h");
	}
	buf__add_string(line, "; ");
	render__top_limit(census, &census->machine_limit, line);
}

static void add_filter(const struct top_report *report, struct buf *line)
{
	const char *filter = report->view->request.filter;

	if (!filter || !*filter)
		return;
	buf__add_string(line, ", with '");
	pieces__add_escaped(line, filter);
	buf__add_string(line, "'");
}

void render__top_summary(const struct top_report *report, size_t width, struct buf *out)
{
	char time[40], seconds[32], bound[32];
	struct buf line = {0};

	add_totals(report, &line);
	pieces__add_line(out, &line, width);
	/* the time comes last: lines may be cut */
	buf__add_format(&line, "peaks within %s; by %s",
			units__format_bytes(bound, sizeof(bound), (double)report->peak_bound_bytes),
			census_sort__name(report->view->request.sort));
	add_filter(report, &line);
	buf__add_format(&line, "; %s until %s", units__format_seconds(seconds, sizeof(seconds), report->seconds),
			units__format_time(time, sizeof(time), report->time_ns));
	pieces__add_line(out, &line, width);
	if (report->peaks_lost || report->events_lost) {
		buf__add_format(&line,
				"lost: peaks of %" PRIu64 " process%s (the kernel's own figures instead), %" PRIu64
				" event%s",
				report->peaks_lost, report->peaks_lost == 1 ? "" : "es", report->events_lost,
				plural(report->events_lost));
		pieces__add_line(out, &line, width);
	}
	if (report->rest_seconds > 0) {
		buf__add_format(&line, "too many changes to follow for %s: no times of peaks then",
				units__format_seconds(seconds, sizeof(seconds), report->rest_seconds));
		pieces__add_line(out, &line, width);
	}
	buf__free(&line);
}

/* ---- the table */

void render__top_columns(const struct top_report *report, size_t width, struct buf *out)
{
	struct buf line = {0};

	buf__add_format(&line, "%7s %5s %5s", "pid", "rss", "anon");
	if (has_all_kinds(width))
		buf__add_format(&line, " %5s %5s", "file", "shmem");
	buf__add_format(&line, " %5s %5s %8s %6s %7s  ", "swap", "peak", "growth/h", "flt/s", "full in");
	if (report->view->request.tree)
		buf__add_string(&line, "cgroup and command");
	else
		buf__add_format(&line, "%-*s  cgroup", command_width(width), "command");
	pieces__add_line(out, &line, width);
	buf__free(&line);
}

static size_t count_characters(const char *text)
{
	size_t count = 0;
	uint32_t c;

	for (; *text; count++) {
		size_t length = utf8__decode(text, &c);

		text += length ? length : 1;
	}
	return count;
}

static void add_command(const struct census_row *row, int width, struct buf *line)
{
	size_t before = line->size, used;

	pieces__add_escaped(line, row->sample.comm);
	used = line->size > before ? count_characters(line->data + before) : 0;
	if ((int)used < width)
		buf__add_format(line, "%*s", width - (int)used, "");
}

/* Where there is no room for the table's last columns, the end of the path is worth more than its beginning. */
static void add_path(const char *path, size_t used, size_t width, struct buf *line)
{
	struct buf escaped = {0};
	size_t length, room = width > used ? width - used : 0;
	const char *text;
	uint32_t c;

	pieces__add_escaped(&escaped, path);
	text = escaped.data ? escaped.data : "";
	length = count_characters(text);
	if (width && room > 4 && length > room) {
		for (; length > room - 1; length--)
			text += utf8__decode(text, &c);
		buf__add_string(line, "\u2026");
	}
	buf__add_string(line, text);
	buf__free(&escaped);
}

static void add_process(const struct top_report *report, const struct census_line *line, size_t width, struct buf *out)
{
	const struct census_row *row = line->row;

	buf__add_format(out, "%7d", (int)row->sample.pid);
	add_figures(out, &row->figures, width);
	add_time_left(out, &row->limit);
	buf__add_format(out, "  %*s", (int)line->depth * 2, "");
	add_command(row, report->view->request.tree ? 0 : command_width(width), out);
	if (report->view->request.tree)
		return;
	buf__add_string(out, "  ");
	if (row->sample.group >= 0)
		add_path(report->census->groups[row->sample.group].cgroup.path, count_characters(out->data), width,
			 out);
	else
		buf__add_string(out, "?");
}

static void add_cgroup(const struct census_line *line, size_t width, struct buf *out)
{
	const struct census_group *group = line->group;
	const char *path = group->cgroup.path;
	char used[32], limit[32];

	buf__add_format(out, "%7s", "");
	add_figures(out, &group->figures, width);
	add_time_left(out, &group->limit);
	buf__add_format(out, "  %*s", (int)line->depth * 2, "");
	pieces__add_escaped(out, group->cgroup.parent >= 0 ? pieces__basename(path) : path);
	if (group->cgroup.parent >= 0)
		buf__add_string(out, "/");
	buf__add_format(out, " %zu process%s", group->processes, group->processes == 1 ? "" : "es");
	if (group->cgroup.limit_bytes)
		buf__add_format(out, ", %s of %s",
				units__format_short(used, sizeof(used), (double)group->cgroup.used_bytes),
				units__format_short(limit, sizeof(limit), (double)group->cgroup.limit_bytes));
}

void render__top_line(const struct top_report *report, const struct census_line *line, size_t width, struct buf *out)
{
	struct buf text = {0};

	if (line->row)
		add_process(report, line, width, &text);
	else
		add_cgroup(line, width, &text);
	pieces__add_line(out, &text, width);
	buf__free(&text);
}

static size_t shown(const struct top_report *report)
{
	size_t count = report->view->count;

	return report->top_n && report->top_n < count ? (size_t)report->top_n : count;
}

/* What the lines that are left out add up to. Cgroups are sums already. */
static void add_others(const struct top_report *report, size_t width, struct buf *out)
{
	struct census_figures sum = {0};
	struct buf line = {0};
	size_t count = 0;

	for (size_t i = shown(report); i < report->view->count; i++) {
		const struct census_row *row = report->view->lines[i].row;

		if (!row)
			continue;
		census_figures__add(&sum, &row->figures);
		count++;
	}
	if (!count)
		return;
	buf__add_format(&line, "%7s", "");
	add_figures(&line, &sum, width);
	buf__add_format(&line, " %7s  (%zu other process%s)", "", count, count == 1 ? "" : "es");
	pieces__add_line(out, &line, width);
	buf__free(&line);
}

void render__top_text(const struct top_report *report, size_t width, struct buf *out)
{
	render__top_summary(report, width, out);
	buf__add_string(out, "\n");
	render__top_columns(report, width, out);
	for (size_t i = 0; i < shown(report); i++)
		render__top_line(report, &report->view->lines[i], width, out);
	add_others(report, width, out);
}
