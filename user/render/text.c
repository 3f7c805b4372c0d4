/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/units.h"
#include "lib/utf8.h"
#include "render/pieces.h"
#include "render/render.h"
#include "render/text_page.h"
#include "render/text_reach.h"
#include "render/text_subject.h"

#define FUNCTION_COLUMN 40 /* the place of a frame starts here at the latest, unless its name is longer */

/* ---- frames */

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

static char *escaped_name(const struct report_frame *frame)
{
	struct buf raw = {0}, escaped = {0};

	pieces__add_name(&raw, frame);
	pieces__add_escaped(&escaped, raw.data ? raw.data : "");
	buf__free(&raw);
	return buf__take(&escaped);
}

/* Adds "name  place", the place in the column `column` of the name's. */
static void add_frame(struct text_page *page, const struct report_frame *frame, size_t column)
{
	char *name = escaped_name(frame);
	struct buf place = {0};
	size_t length;

	if (!name) {
		page->out->failed = true;
		return;
	}
	buf__add_string(&page->line, name);
	pieces__add_place(&place, frame);
	if (place.size) {
		length = count_characters(name);
		buf__add_format(&page->line, "%*s  ", length < column ? (int)(column - length) : 0, "");
		pieces__add_escaped(&page->line, place.data);
	}
	if (frame->inlined)
		buf__add_string(&page->line, " (inlined)");
	buf__free(&place);
	free(name);
}

/* The column of the places: as wide as the longest name that has one, up to FUNCTION_COLUMN. */
static size_t place_column(const struct report_row *row)
{
	size_t column = 0;

	for (size_t i = 0; i < row->frame_count; i++) {
		char *name = row->frames[i].function ? escaped_name(&row->frames[i]) : NULL;
		size_t length = name ? count_characters(name) : 0;

		if (length > column && length <= FUNCTION_COLUMN)
			column = length;
		free(name);
	}
	return column;
}

/* The text of the line, on a line of its own. */
static void add_source(struct text_page *page, const struct report_frame *frame)
{
	if (!frame->source)
		return;
	buf__add_string(&page->line, "        | ");
	pieces__add_escaped(&page->line, frame->source);
	text_page__end_line(page);
}

static void add_stack(struct text_page *page, const struct report_row *row)
{
	size_t column = place_column(row);

	for (size_t i = 0; i < row->frame_count; i++) {
		buf__add_string(&page->line, "      ");
		add_frame(page, &row->frames[i], column);
		text_page__end_line(page);
		add_source(page, &row->frames[i]);
	}
	if (!row->frame_count) {
		buf__add_string(&page->line, "      [no stack]");
		text_page__end_line(page);
	}
}

/* ---- columns */

static void add_share(struct text_page *page, uint64_t part, uint64_t whole)
{
	buf__add_format(&page->line, " %5.1f%%", whole ? 100.0 * (double)part / (double)whole : 0);
}

/* Sites may hold more than the process's totals say, which were read a moment earlier. */
static uint64_t live_of_all(const struct report *report)
{
	uint64_t live = report->others.live_bytes;

	for (size_t i = 0; i < report->row_count; i++)
		live += report->rows[i].counts.live_bytes;
	return live;
}

static void add_profile_columns(struct text_page *page, const struct report *report, const struct report_counts *c)
{
	char text[32];

	buf__add_format(&page->line, "%10s", text__bytes(text, c->live_bytes));
	add_share(page, c->live_bytes, live_of_all(report));
	buf__add_format(&page->line, " %9" PRIu64 " %10s", c->live_objects,
			text__bytes(text, report->subject.source == SOURCE_PAGES ? c->swapped_bytes : c->peak_bytes));
	buf__add_format(&page->line, " %10s %9" PRIu64 " %9" PRIu64, text__bytes(text, c->alloc_bytes),
			c->alloc_objects, c->free_objects);
}

/* The others are not judged together: `judged` is false for them. */
static void add_leak_columns(struct text_page *page, const struct report_row *row, bool judged)
{
	const struct report_counts *c = &row->counts;
	const struct leak *leak = &row->leak;
	char text[32];

	if (judged)
		buf__add_format(&page->line, "%-8s %4.0f%%  %-13s %10s", leak__severity_name(leak->severity),
				leak->confidence * 100, leak__pattern_name(leak->pattern),
				text__bytes(text, c->live_bytes));
	else
		buf__add_format(&page->line, "%-8s %5s  %-13s %10s", "", "", "", text__bytes(text, c->live_bytes));
	if (judged)
		buf__add_format(&page->line, " %11s/h",
				units__format_bytes(text, sizeof(text), leak->growth_bytes_per_hour));
	else
		buf__add_format(&page->line, " %13s", "");
	buf__add_format(&page->line, " %9" PRIu64 " %9" PRIu64 " %9" PRIu64, c->live_objects, c->alloc_objects,
			c->free_objects);
	buf__add_format(&page->line, " %8s",
			c->oldest_age_seconds >= 0 ? units__format_seconds(text, sizeof(text), c->oldest_age_seconds)
						   : "-");
}

static void add_diff_columns(struct text_page *page, const struct report_counts *before,
			     const struct report_counts *after)
{
	const struct change live = change__of(before->live_bytes, after->live_bytes);
	const struct change blocks = change__of(before->live_objects, after->live_objects);
	const struct change alloc = change__of(before->alloc_bytes, after->alloc_bytes);
	char text[32], relative[32] = "-";

	if (!before->live_bytes && after->live_bytes)
		snprintf(relative, sizeof(relative), "new");
	else if (before->live_bytes && !after->live_bytes)
		snprintf(relative, sizeof(relative), "gone");
	else if (live.absolute)
		snprintf(relative, sizeof(relative), "%+.1f%%", fmin(live.relative * 100, 99999));
	buf__add_format(&page->line, "%11s %8s", text__signed_bytes(text, live.absolute), relative);
	buf__add_format(&page->line, " %10s", text__bytes(text, before->live_bytes));
	buf__add_format(&page->line, " %10s", text__bytes(text, after->live_bytes));
	buf__add_format(&page->line, " %+9" PRId64, blocks.absolute);
	buf__add_format(&page->line, " %11s", text__signed_bytes(text, alloc.absolute));
}

static void add_columns(struct text_page *page, const struct report *report, const struct report_row *row)
{
	switch (report->kind) {
	case REPORT_PROFILE:
		add_profile_columns(page, report, &row->counts);
		break;
	case REPORT_LEAKS:
		add_leak_columns(page, row, true);
		break;
	case REPORT_DIFF:
		add_diff_columns(page, &row->before, &row->counts);
		break;
	case REPORT_REACH:
		text_reach__add_columns(page, &row->counts);
		break;
	}
}

static void add_heading(struct text_page *page, const struct report *report)
{
	static const char *const headings[][4] = {
		[SOURCE_HEAP] =
			{
				"      live  share    blocks    at peak  allocated    allocs     frees",
				"     change               before      after    blocks   allocated",
				"suspect   sure  pattern             live        growth    blocks    allocs     frees  "
				" oldest",
				TEXT_REACH_HEADING,
			},
		[SOURCE_PAGES] =
			{
				"  resident  share     pages    swapped    touched     pages      back",
				"     change               before      after     pages     touched",
				"suspect   sure  pattern         resident        growth     pages   touched      back  "
				" oldest",
			},
	};

	buf__add_format(&page->line, "%s  %s", headings[report->subject.source][report->kind],
			report__group_name(report->request.group));
	text_page__end_line(page);
}

/* ---- rows */

/* Where live bytes (or their change) are estimated: the standard error. */
static void add_deviation(struct text_page *page, const struct report_row *row)
{
	double deviation = hypot(row->counts.live_bytes_stderr, row->before.live_bytes_stderr);
	char text[32];

	if (deviation > 0)
		buf__add_format(&page->line, "  (\u00b1%s)", units__format_bytes(text, sizeof(text), deviation));
}

/* Where pages were looked at beside the heap: what of the live bytes is in memory. */
static void add_resident(struct text_page *page, const struct report *report, const struct report_row *row)
{
	char text[32];

	if (report->kind != REPORT_DIFF && report->subject.source == SOURCE_HEAP && report->subject.resident.known)
		buf__add_format(&page->line, "  (%s resident)", text__bytes(text, row->counts.resident_bytes));
}

/* Where it was looked for what leads to its blocks: how much of a leak nothing does. */
static void add_proof(struct text_page *page, const struct report *report, const struct report_row *row)
{
	if (report->kind == REPORT_LEAKS && row->leak.unreachable >= 0)
		buf__add_format(&page->line, "  (%.0f%% unreachable%s)", row->leak.unreachable * 100,
				row->leak.unreachable >= LEAK_PROVEN ? ": proven" : "");
}

static void add_row(struct text_page *page, const struct report *report, const struct report_row *row)
{
	add_columns(page, report, row);
	if (report->request.group == GROUP_STACK) {
		add_deviation(page, row);
		add_resident(page, report, row);
		add_proof(page, report, row);
		text_page__end_line(page);
		add_stack(page, row);
		return;
	}
	buf__add_string(&page->line, "  ");
	add_frame(page, &row->frames[0], 0);
	add_deviation(page, row);
	add_resident(page, report, row);
	add_proof(page, report, row);
	text_page__end_line(page);
	if (report->request.group == GROUP_LINE)
		add_source(page, &row->frames[0]);
}

static void add_others(struct text_page *page, const struct report *report)
{
	size_t stacks = report->others.stacks > report->others_before.stacks ? report->others.stacks
									     : report->others_before.stacks;
	const struct report_row others = {
		.counts = report->others,
		.before = report->others_before,
	};

	if (!report__has_others(report))
		return;
	if (report->kind == REPORT_LEAKS)
		add_leak_columns(page, &others, false);
	else
		add_columns(page, report, &others);
	if (stacks)
		buf__add_format(&page->line, "  (%zu other stack%s)", stacks, text__plural(stacks));
	else
		buf__add_string(&page->line, "  (without a stack)");
	text_page__end_line(page);
}

static const char *nothing(enum report_kind kind)
{
	switch (kind) {
	case REPORT_LEAKS:
		return "no suspects: nothing that was allocated in the window still lives";
	case REPORT_DIFF:
		return "no difference";
	case REPORT_REACH:
		return "nothing is lost: pointers lead to all blocks that were allocated while memtrawl watched and "
		       "still live";
	case REPORT_PROFILE:
		break;
	}
	return "no sites";
}

/* Of a diff that shows only those. */
static void add_moved(struct text_page *page, const struct report *report)
{
	if (report->kind != REPORT_DIFF || !report->request.significant)
		return;
	buf__add_format(&page->line, "%zu site%s changed by more than chance, %zu of them grew", report->moved,
			text__plural(report->moved), report->grown);
	text_page__end_line(page);
}

static void add_table(struct text_page *page, const struct report *report)
{
	if (!report->row_count && (report->kind == REPORT_REACH || !report__has_others(report))) {
		buf__add_string(&page->line, nothing(report->kind));
		text_page__end_line(page);
		return;
	}
	add_heading(page, report);
	for (size_t i = 0; i < report->row_count; i++)
		add_row(page, report, &report->rows[i]);
	add_others(page, report);
}

/* ---- known leaks */

static void add_suppressed(struct text_page *page, const struct report *report)
{
	bool any = false;
	char text[32];

	for (size_t i = 0; i < report->suppressed_count; i++) {
		const struct report_suppressed *each = &report->suppressed[i];

		if (!each->stacks)
			continue;
		if (!any) {
			text_page__end_line(page);
			buf__add_string(&page->line, "    stacks    blocks       live  suppressed by");
			text_page__end_line(page);
		}
		any = true;
		buf__add_format(&page->line, "%10" PRIu64 " %9" PRIu64 " %10s  leak:", each->stacks, each->live_objects,
				text__bytes(text, each->live_bytes));
		pieces__add_escaped(&page->line, each->pattern);
		text_page__end_line(page);
	}
}

/* ---- files and shared memory, beside pages */

static void add_named(struct text_page *page, const struct report *report)
{
	const struct profile_resident *resident = &report->subject.resident;
	size_t count = resident->named_count, limit = report->request.top_n;
	char text[32];

	if (report->kind == REPORT_DIFF || !count)
		return;
	text_page__end_line(page);
	buf__add_string(&page->line, "  resident  of files, and shared memory");
	text_page__end_line(page);
	for (size_t i = 0; i < count && (!limit || i < limit); i++) {
		buf__add_format(&page->line, "%10s  ", text__bytes(text, resident->named[i].resident_bytes));
		pieces__add_escaped(&page->line, resident->named[i].name);
		if (resident->named[i].shared)
			buf__add_string(&page->line, " (shared)");
		text_page__end_line(page);
	}
	if (limit && count > limit) {
		buf__add_format(&page->line, "%10s  (%zu more)", "", count - limit);
		text_page__end_line(page);
	}
}

/* ---- mapped memory */

static void add_mapped_columns(struct text_page *page, const struct report_mapped *mapped,
			       const struct report_counts *c)
{
	char text[32];

	buf__add_format(&page->line, "%10s", text__bytes(text, c->live_bytes));
	add_share(page, c->live_bytes, mapped->totals.live_bytes);
	buf__add_format(&page->line, " %9" PRIu64 " %10s", c->live_objects, text__bytes(text, c->alloc_bytes));
	buf__add_format(&page->line, " %9" PRIu64, c->alloc_objects);
}

static void add_mapped(struct text_page *page, const struct report_mapped *mapped)
{
	size_t stacks = mapped->others.stacks;

	if (!mapped->row_count && !stacks)
		return;
	text_page__end_line(page);
	buf__add_string(&page->line,
			"mapped by mmap and brk, touched or not; the allocator's own memory is in here, too: "
			"not to be added to the heap's");
	text_page__end_line(page);
	buf__add_string(&page->line, "      live  share  mappings  allocated     calls  stack");
	text_page__end_line(page);
	for (size_t i = 0; i < mapped->row_count; i++) {
		add_mapped_columns(page, mapped, &mapped->rows[i].counts);
		text_page__end_line(page);
		add_stack(page, &mapped->rows[i]);
	}
	if (!stacks)
		return;
	add_mapped_columns(page, mapped, &mapped->others);
	buf__add_format(&page->line, "  (%zu other stack%s)", stacks, text__plural(stacks));
	text_page__end_line(page);
}

void render__text(const struct report *report, size_t width, struct buf *out)
{
	struct text_page page = {.out = out, .width = width};

	text_subject__add(&page, report);
	text_page__end_line(&page);
	add_moved(&page, report);
	add_table(&page, report);
	add_suppressed(&page, report);
	add_named(&page, report);
	add_mapped(&page, &report->mapped);
	buf__free(&page.line);
}

void render__text_mapped(const struct report *report, size_t width, struct buf *out)
{
	struct text_page page = {.out = out, .width = width};

	add_mapped(&page, &report->mapped);
	buf__free(&page.line);
}

void render__text_subject(const struct report *report, size_t width, struct buf *out)
{
	struct text_page page = {.out = out, .width = width};

	text_subject__add(&page, report);
	buf__free(&page.line);
}

void render__text_table(const struct report *report, size_t width, struct buf *out)
{
	struct text_page page = {.out = out, .width = width};

	add_table(&page, report);
	add_suppressed(&page, report);
	buf__free(&page.line);
}
