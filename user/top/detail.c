/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/detail.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/file.h"
#include "lib/units.h"
#include "render/curve.h"
#include "render/pieces.h"
#include "top/model.h"
#include "top/screen.h"

static const struct sites_source *const sources[] = {&heap_sites, &pages_sites};

enum { CMDLINE_MAX = 1 << 20 };

/* ---- the process */

static char *read_cmdline(pid_t pid)
{
	char path[32], *text;
	size_t size;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	if (file__read(AT_FDCWD, path, CMDLINE_MAX, &text, &size))
		return NULL;
	for (size_t i = 0; i + 1 < size; i++)
		if (!text[i])
			text[i] = ' ';
	if (*text)
		return text;
	free(text);
	return NULL;
}

static void copy_row(struct detail *detail, const struct census_row *row)
{
	detail->row = *row;
	detail->history = *row->history;
	detail->row.history = &detail->history;
}

void detail__open(struct detail *detail, const struct census_row *row)
{
	memset(detail, 0, sizeof(*detail));
	detail->open = true;
	detail->group = GROUP_FUNCTION;
	detail->cmdline = read_cmdline(row->sample.pid);
	copy_row(detail, row);
}

void detail__follow(struct detail *detail, const struct census *census)
{
	const struct census_row *row;

	if (!detail->open || detail->ended)
		return;
	row = census__find(census, detail->row.sample.pid, detail->row.sample.start_ns);
	if (row)
		copy_row(detail, row);
	else
		detail->ended = true;
}

/* ---- call sites */

static void detach(struct detail *detail)
{
	if (detail->source && detail->state)
		detail->source->close(detail->state);
	detail->state = NULL;
}

static void leave_source(struct detail *detail)
{
	detach(detail);
	detail->source = NULL;
	detail->skip = 0;
	memset(&detail->error, 0, sizeof(detail->error));
	buf__free(&detail->sites);
}

void detail__close(struct detail *detail)
{
	leave_source(detail);
	free(detail->cmdline);
	memset(detail, 0, sizeof(*detail));
}

static void enter_source(struct detail *detail, const struct sites_source *source)
{
	char text[64];

	leave_source(detail);
	detail->source = source;
	snprintf(text, sizeof(text), " attaching to PID %d ...", (int)detail->row.sample.pid);
	screen__line(screen__height() - 1, text, SCREEN_HEADER);
	screen__show();
	if (source->open(detail->row.sample.pid, &detail->state, &detail->error))
		detail->state = NULL;
	else
		detail__refresh(detail, screen__width(), screen__height());
}

bool detail__step(struct detail *detail)
{
	if (!detail->state || !detail->source->step(detail->state, &detail->error))
		return false;
	detach(detail);
	return true;
}

bool detail__is_attached(const struct detail *detail)
{
	return detail->state != NULL;
}

void detail__refresh(struct detail *detail, size_t width, size_t height)
{
	struct buf sites = {0};

	if (!detail->state)
		return;
	if (detail->source->render(detail->state, detail->group, height, width, &sites, &detail->error)) {
		detach(detail);
		buf__free(&sites);
		return;
	}
	buf__free(&detail->sites);
	detail->sites = sites;
}

/* ---- keys */

static size_t count_lines(const struct buf *text)
{
	size_t lines = 0;

	for (size_t i = 0; i < text->size; i++)
		lines += text->data[i] == '\n';
	return lines;
}

static void scroll(struct detail *detail, int key)
{
	size_t lines = count_lines(&detail->sites), page = screen__height() > 4 ? screen__height() - 4 : 1;
	size_t last = lines > page ? lines - page : 0;

	if (key == MODEL_KEY_UP)
		detail->skip -= detail->skip > 0;
	else if (key == MODEL_KEY_DOWN)
		detail->skip++;
	else if (key == MODEL_KEY_PAGE_UP)
		detail->skip -= detail->skip < page ? detail->skip : page;
	else if (key == MODEL_KEY_PAGE_DOWN)
		detail->skip += page;
	else
		detail->skip = key == MODEL_KEY_HOME ? 0 : last;
	if (detail->skip > last)
		detail->skip = last;
}

bool detail__key(struct detail *detail, int key)
{
	if (key == 'q' || key == MODEL_KEY_ESCAPE) {
		bool was_source = detail->source != NULL;

		leave_source(detail);
		return was_source;
	}
	if (detail->source && key == 'g') {
		detail->group = detail->group == GROUP_STACK ? GROUP_LINE : (enum report_group)(detail->group + 1);
		detail__refresh(detail, screen__width(), screen__height());
	}
	if (detail->source && key >= MODEL_KEY_UP && key <= MODEL_KEY_END)
		scroll(detail, key);
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		if (key == sources[i]->key && detail->source != sources[i])
			enter_source(detail, sources[i]);
	return true;
}

void detail__add_help(struct buf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		buf__add_format(out, "    %-17s %s\n", (char[]){(char)sources[i]->key, '\0'}, sources[i]->what);
}

/* ---- drawing */

static void add_bytes(struct buf *line, const char *name, uint64_t bytes)
{
	char text[32];

	buf__add_format(line, "%s%s %s", line->size ? ", " : "", name,
			units__format_bytes(text, sizeof(text), (double)bytes));
}

static void add_kinds(const struct detail *detail, size_t width, struct buf *out)
{
	const struct census_sample *sample = &detail->row.sample;
	struct buf line = {0};

	add_bytes(&line, "rss", sample->rss_bytes);
	add_bytes(&line, "anon", sample->anon_bytes);
	add_bytes(&line, "file", sample->file_bytes);
	add_bytes(&line, "shmem", sample->shmem_bytes);
	add_bytes(&line, "swap", sample->swap_bytes);
	pieces__add_line(out, &line, width);
	buf__free(&line);
}

static void add_peak(const struct detail *detail, const struct top_report *report, size_t width, struct buf *out)
{
	const struct census_sample *sample = &detail->row.sample;
	char text[40];
	struct buf line = {0};

	add_bytes(&line, "peak", sample->peak_bytes);
	if (sample->peak_ns)
		buf__add_format(
			&line, " at %s",
			units__format_time(text, sizeof(text), report->monotonic_ns + (int64_t)sample->peak_ns));
	else
		buf__add_string(&line, " before top was started");
	buf__add_format(&line, " (within %s)",
			units__format_bytes(text, sizeof(text), (double)report->peak_bound_bytes));
	pieces__add_line(out, &line, width);
	buf__free(&line);
}

static void add_rates(const struct detail *detail, size_t width, struct buf *out)
{
	const struct census_figures *figures = &detail->row.figures;
	struct buf line = {0};
	char text[32];

	units__format_bytes(text, sizeof(text), figures->growth_per_hour);
	if (figures->rates_known)
		buf__add_format(&line, "growth %s%s/h, %.0f faults/s, %.0f of them major, %.1f %% CPU",
				*text == '-' ? "" : "+", text, figures->faults_per_second,
				figures->major_faults_per_second, figures->cpu_percent);
	else
		buf__add_string(&line, "growth: known after the next look");
	buf__add_format(&line, ", %u thread%s", detail->row.sample.threads, detail->row.sample.threads == 1 ? "" : "s");
	pieces__add_line(out, &line, width);
	buf__free(&line);
}

static void add_limit(const struct detail *detail, const struct top_report *report, size_t width, struct buf *out)
{
	int group = detail->row.sample.group;
	struct buf line = {0};

	if (detail->ended) /* cgroups are those of a look that it was not in */
		return;
	buf__add_string(&line, "cgroup ");
	pieces__add_escaped(&line, group >= 0 ? report->census->groups[group].cgroup.path : "?");
	pieces__add_line(out, &line, width);
	buf__add_string(&line, "limit  ");
	render__top_limit(report->census, &detail->row.limit, &line);
	pieces__add_line(out, &line, width);
	buf__free(&line);
}

/* "server [812]: ./server --port 1, heap" */
static void add_title(const struct detail *detail, struct buf *line)
{
	pieces__add_escaped(line, detail->row.sample.comm);
	buf__add_format(line, " [%d]%s", (int)detail->row.sample.pid, detail->ended ? " has ended" : "");
	if (detail->source)
		buf__add_format(line, ", %s", detail->source->name);
	if (detail->cmdline) {
		buf__add_string(line, ": ");
		pieces__add_escaped(line, detail->cmdline);
	}
}

static void draw_title(const struct detail *detail)
{
	struct buf line = {0}, out = {0};

	add_title(detail, &line);
	pieces__add_line(&out, &line, screen__width());
	screen__line(0, out.data ? out.data : "", SCREEN_HEADER);
	buf__free(&line);
	buf__free(&out);
}

static void draw_curve(const struct detail *detail, const struct top_report *report, size_t end)
{
	size_t width = screen__width(), y;
	struct buf out = {0}, curve = {0};

	add_kinds(detail, width, &out);
	add_peak(detail, report, width, &out);
	add_rates(detail, width, &out);
	add_limit(detail, report, width, &out);
	y = screen__text(1, end, out.data, 0) + 1;
	if (y < end)
		render__curve(&detail->history, width, end - y, &curve);
	screen__text(y, end, curve.data, 0);
	buf__free(&out);
	buf__free(&curve);
}

static void draw_sites(const struct detail *detail, size_t end)
{
	size_t y = 1;

	if (detail->error.text[0]) {
		struct buf line = {0}, out = {0};

		pieces__add_escaped(&line, detail->error.text);
		pieces__add_line(&out, &line, 0); /* may well be wider than the screen: it goes on in the next line */
		screen__line(y, out.data ? out.data : "", SCREEN_ALARM);
		y += 1 + strlen(detail->error.text) / screen__width();
		buf__free(&line);
		buf__free(&out);
	}
	screen__text(y, end, detail->sites.data, detail->skip);
}

static void draw_hints(const struct detail *detail, size_t y)
{
	struct buf line = {0};

	if (detail->source)
		buf__add_format(&line, " by %s   g group  arrows scroll ", report__group_name(detail->group));
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		if (sources[i] != detail->source)
			buf__add_format(&line, " %c %s by call site ", sources[i]->key, sources[i]->name);
	buf__add_string(&line, detail->source ? " q back, detaches" : "  q back");
	screen__line(y, line.data ? line.data : "", SCREEN_HEADER);
	buf__free(&line);
}

void detail__draw(const struct detail *detail, const struct top_report *report)
{
	size_t end = screen__height() - 1;

	screen__clear();
	draw_title(detail);
	if (detail->source)
		draw_sites(detail, end);
	else
		draw_curve(detail, report, end);
	draw_hints(detail, end);
	screen__show();
}
