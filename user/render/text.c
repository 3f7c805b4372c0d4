/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/units.h"
#include "lib/utf8.h"
#include "render/pieces.h"
#include "render/render.h"

#define FUNCTION_COLUMN 40 /* the place of a frame starts here at the latest, unless its name is longer */

/* Where lines go: each is put together in `line` first, so that it can be cut to the terminal's width. */
struct page {
	struct buf *out;
	struct buf line;
	size_t width;
};

static void end_line(struct page *page)
{
	pieces__add_line(page->out, &page->line, page->width);
}

static const char *bytes(char text[32], uint64_t count)
{
	return units__format_bytes(text, 32, (double)count);
}

static const char *signed_bytes(char text[32], int64_t change)
{
	text[0] = '+';
	units__format_bytes(change > 0 ? text + 1 : text, 31, (double)change);
	return text;
}

/* ---- what was looked at */

static void add_process(struct page *page, const struct report_subject *subject)
{
	const struct profile_process *process = &subject->process;
	const char *name = process->comm ? process->comm : process->exe ? pieces__basename(process->exe) : NULL;

	pieces__add_escaped(&page->line, name ? name : "a process without a name");
	if (process->pid)
		buf__add_format(&page->line, " [%d]", (int)process->pid);
	if (process->host) {
		buf__add_string(&page->line, " on ");
		pieces__add_escaped(&page->line, process->host);
	}
	if (process->cmdline || process->exe) {
		buf__add_string(&page->line, ": ");
		pieces__add_escaped(&page->line, process->cmdline ? process->cmdline : process->exe);
	}
	end_line(page);
}

static void add_window(struct page *page, const struct report_subject *subject)
{
	const struct profile_sampling *sampling = &subject->sampling;
	char text[64], more[32];

	buf__add_format(&page->line, "  window  %s", units__format_seconds(text, sizeof(text), subject->seconds));
	if (subject->end_ns)
		buf__add_format(&page->line, " until %s", units__format_time(text, sizeof(text), subject->end_ns));
	if (subject->source == SOURCE_PAGES)
		buf__add_string(&page->line, ", every page fault looked at");
	else if (sampling->mode == SAMPLING_EXACT)
		buf__add_string(&page->line, ", every allocation counted");
	else
		buf__add_format(&page->line, ", sampled every %s", bytes(more, sampling->period_bytes));
	if (sampling->largest_period_bytes > sampling->period_bytes)
		buf__add_format(&page->line, " (for a time every %s)", bytes(more, sampling->largest_period_bytes));
	if (sampling->paused_seconds > 0)
		buf__add_format(&page->line, ", %s not watched for %s",
				subject->source == SOURCE_PAGES ? "page faults" : "allocations",
				units__format_seconds(text, sizeof(text), sampling->paused_seconds));
	end_line(page);
	if (subject->trigger->kind) {
		char words[192];

		buf__add_format(&page->line, "  taken   %s",
				profile_trigger__words(subject->trigger, words, sizeof(words)));
		end_line(page);
	}
	if (!subject->end_reason)
		return;
	buf__add_string(&page->line, "  ended   ");
	pieces__add_escaped(&page->line, subject->end_reason);
	end_line(page);
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static void add_page_totals(struct page *page, const struct report_subject *subject)
{
	const struct profile_totals *t = &subject->totals;
	char a[32], b[32];

	buf__add_format(&page->line, "  pages   %s resident in %" PRIu64 " private page%s", bytes(a, t->live_bytes),
			t->live_objects, plural(t->live_objects));
	if (subject->resident.swapped_bytes)
		buf__add_format(&page->line, ", %s swapped out", bytes(a, subject->resident.swapped_bytes));
	end_line(page);
	buf__add_format(&page->line, "  touched %s in %" PRIu64 " page%s, %s given back", bytes(a, t->alloc_bytes),
			t->alloc_objects, plural(t->alloc_objects), bytes(b, t->free_bytes));
	end_line(page);
}

/* What the RSS is made up of, to the last byte. */
static void add_parts(struct page *page, const struct report_subject *subject)
{
	const struct profile_resident *r = &subject->resident;
	int64_t unexplained = profile__unexplained(&subject->rss, r);
	char a[32], b[32];

	if (!r->known)
		return;
	if (subject->source == SOURCE_HEAP) {
		buf__add_format(&page->line, "  memory  %s of what lives is resident", bytes(a, r->live_bytes));
		if (subject->sampling.mode == SAMPLING_EXACT)
			buf__add_format(&page->line, ", %s retained by the allocator", bytes(a, r->retained_bytes));
		end_line(page);
	}
	buf__add_format(&page->line, "  that is %s by sites, %s from before",
			bytes(a, r->anonymous_bytes - r->before_bytes - r->unseen_bytes), bytes(b, r->before_bytes));
	if (r->unseen_bytes)
		buf__add_format(&page->line, ", %s not seen touched", bytes(a, r->unseen_bytes));
	buf__add_format(&page->line, ", %s of files, %s shared", bytes(a, r->file_bytes), bytes(b, r->shmem_bytes));
	buf__add_format(&page->line, ", %s unexplained", units__format_bytes(a, sizeof(a), (double)unexplained));
	end_line(page);
}

static void add_heap_totals(struct page *page, const struct report_subject *subject)
{
	const struct profile_totals *t = &subject->totals;
	char a[32], b[32];

	buf__add_format(&page->line, "  live    %s in %" PRIu64 " block%s, peak %s", bytes(a, t->live_bytes),
			t->live_objects, plural(t->live_objects), bytes(b, t->peak_live_bytes));
	end_line(page);
	buf__add_format(&page->line, "  churn   %s allocated in %" PRIu64 " block%s, %s freed in %" PRIu64,
			bytes(a, t->alloc_bytes), t->alloc_objects, plural(t->alloc_objects), bytes(b, t->free_bytes),
			t->free_objects);
	if (t->temporary_objects)
		buf__add_format(&page->line, ", %" PRIu64 " temporary", t->temporary_objects);
	end_line(page);
}

static void add_totals(struct page *page, const struct report_subject *subject)
{
	const struct profile_rss *rss = &subject->rss;
	char a[32], b[32], c[32];

	if (subject->source == SOURCE_PAGES)
		add_page_totals(page, subject);
	else
		add_heap_totals(page, subject);
	if (!rss->current_bytes && !rss->peak_bytes)
		return;
	buf__add_format(&page->line, "  rss     %s, peak %s: anon %s", bytes(a, rss->current_bytes),
			bytes(b, rss->peak_bytes), bytes(c, rss->anon_bytes));
	buf__add_format(&page->line, ", file %s, shmem %s", bytes(a, rss->file_bytes), bytes(b, rss->shmem_bytes));
	if (rss->swap_bytes)
		buf__add_format(&page->line, ", swapped out %s", bytes(a, rss->swap_bytes));
	end_line(page);
	add_parts(page, subject);
}

/* Frees without an allocation are what sampling makes of most of them: a loss only when every block is counted. */
static void add_losses(struct page *page, const struct report_subject *subject)
{
	for (int i = 0; i < MT_LOSS_MAX; i++) {
		if (!subject->loss[i])
			continue;
		if (i == MT_LOSS_FREE_UNMATCHED && subject->sampling.mode != SAMPLING_EXACT)
			continue;
		buf__add_format(&page->line, "  lost    %" PRIu64 " %s", subject->loss[i], profile__loss_words(i));
		end_line(page);
	}
}

/* ---- where it goes */

static void add_growth_parts(struct page *page, const struct outlook *outlook)
{
	static const double share = 0.2; /* of the growth: what is less is not worth a word */
	double least = share * (double)outlook->growth_bytes;
	char text[32];

	if ((double)outlook->beyond_bytes > least)
		buf__add_format(&page->line,
				", %s of it beyond live blocks (kept by the allocator, or mapped directly)",
				bytes(text, outlook->beyond_bytes));
	if ((double)outlook->file_bytes > least)
		buf__add_format(&page->line, ", %s of files", bytes(text, (uint64_t)outlook->file_bytes));
	if ((double)outlook->shmem_bytes > least)
		buf__add_format(&page->line, ", %s of shared memory", bytes(text, (uint64_t)outlook->shmem_bytes));
}

static void add_per_hour(struct page *page, const struct outlook *outlook)
{
	char a[32], b[32], c[32];

	buf__add_format(&page->line, ", %s/h (%s to %s)", units__format_bytes(a, sizeof(a), outlook->per_hour.slope),
			units__format_bytes(b, sizeof(b), outlook->per_hour.low),
			units__format_bytes(c, sizeof(c), outlook->per_hour.high));
	if (outlook->before_per_hour > 0)
		buf__add_format(&page->line, "; %s/h on average before", bytes(a, (uint64_t)outlook->before_per_hour));
}

static void add_limit(struct page *page, const struct report *report)
{
	const struct profile_limit *limit = &report->subject.limit;
	char a[32], b[32];

	if (!limit->limit_bytes)
		return;
	buf__add_string(&page->line, "  limit   ");
	if (limit->cgroup) {
		buf__add_string(&page->line, "cgroup ");
		pieces__add_escaped(&page->line, limit->cgroup);
	} else {
		buf__add_string(&page->line, "machine");
	}
	buf__add_format(&page->line, ": %s of %s used", bytes(a, limit->used_bytes), bytes(b, limit->limit_bytes));
	if (report->outlook.limit_seconds >= 0)
		buf__add_format(&page->line, ", full in %s at this rate",
				units__format_seconds(a, sizeof(a), report->outlook.limit_seconds));
	end_line(page);
}

static void add_outlook(struct page *page, const struct report *report)
{
	const struct outlook *outlook = &report->outlook;
	char text[32];

	if (!outlook->known)
		return;
	buf__add_format(&page->line, "  growth  rss %s", signed_bytes(text, outlook->growth_bytes));
	if (outlook->grows)
		add_per_hour(page, outlook);
	if (outlook->explained >= 0) {
		buf__add_format(&page->line, ", %.0f %% explained by the sites shown", outlook->explained * 100);
		add_growth_parts(page, outlook);
	}
	end_line(page);
	add_limit(page, report);
}

static void add_subject(struct page *page, const struct report *report)
{
	const struct report_subject *subject = &report->subject;

	add_process(page, subject);
	add_window(page, subject);
	add_totals(page, subject);
	add_outlook(page, report);
	add_losses(page, subject);
}

/* ---- changes */

static void add_change(struct page *page, const char *what, uint64_t before, uint64_t after)
{
	const struct change change = change__of(before, after);
	char a[32], b[32], c[32];

	buf__add_format(&page->line, "  %-8s%s -> %s", what, bytes(a, before), bytes(b, after));
	if (change.absolute)
		buf__add_format(&page->line, ", %s", signed_bytes(c, change.absolute));
	if (change.absolute && before)
		buf__add_format(&page->line, " (%+.1f%%)", change.relative * 100);
}

static void add_subjects(struct page *page, const struct report_subject *before, const struct report_subject *after)
{
	const struct profile_totals *from = &before->totals, *to = &after->totals;

	buf__add_string(&page->line, "before: ");
	add_process(page, before);
	add_window(page, before);
	add_losses(page, before);
	buf__add_string(&page->line, "after: ");
	add_process(page, after);
	add_window(page, after);
	add_losses(page, after);
	buf__add_string(&page->line, "change:");
	end_line(page);
	add_change(page, after->source == SOURCE_PAGES ? "pages" : "live", from->live_bytes, to->live_bytes);
	buf__add_format(&page->line, ", %" PRIu64 " -> %" PRIu64 " %s", from->live_objects, to->live_objects,
			after->source == SOURCE_PAGES ? "pages" : "blocks");
	end_line(page);
	if (after->source == SOURCE_HEAP) {
		add_change(page, "peak", from->peak_live_bytes, to->peak_live_bytes);
		end_line(page);
	}
	if (!before->rss.current_bytes && !after->rss.current_bytes)
		return;
	add_change(page, "rss", before->rss.current_bytes, after->rss.current_bytes);
	end_line(page);
}

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
static void add_frame(struct page *page, const struct report_frame *frame, size_t column)
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
static void add_source(struct page *page, const struct report_frame *frame)
{
	if (!frame->source)
		return;
	buf__add_string(&page->line, "        | ");
	pieces__add_escaped(&page->line, frame->source);
	end_line(page);
}

static void add_stack(struct page *page, const struct report_row *row)
{
	size_t column = place_column(row);

	for (size_t i = 0; i < row->frame_count; i++) {
		buf__add_string(&page->line, "      ");
		add_frame(page, &row->frames[i], column);
		end_line(page);
		add_source(page, &row->frames[i]);
	}
	if (!row->frame_count) {
		buf__add_string(&page->line, "      [no stack]");
		end_line(page);
	}
}

/* ---- columns */

static void add_share(struct page *page, uint64_t part, uint64_t whole)
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

static void add_profile_columns(struct page *page, const struct report *report, const struct report_counts *c)
{
	char text[32];

	buf__add_format(&page->line, "%10s", bytes(text, c->live_bytes));
	add_share(page, c->live_bytes, live_of_all(report));
	buf__add_format(&page->line, " %9" PRIu64 " %10s", c->live_objects,
			bytes(text, report->subject.source == SOURCE_PAGES ? c->swapped_bytes : c->peak_bytes));
	buf__add_format(&page->line, " %10s %9" PRIu64 " %9" PRIu64, bytes(text, c->alloc_bytes), c->alloc_objects,
			c->free_objects);
}

/* The others are not judged together: `judged` is false for them. */
static void add_leak_columns(struct page *page, const struct report_row *row, bool judged)
{
	const struct report_counts *c = &row->counts;
	const struct leak *leak = &row->leak;
	char text[32];

	if (judged)
		buf__add_format(&page->line, "%-8s %4.0f%%  %-13s %10s", leak__severity_name(leak->severity),
				leak->confidence * 100, leak__pattern_name(leak->pattern), bytes(text, c->live_bytes));
	else
		buf__add_format(&page->line, "%-8s %5s  %-13s %10s", "", "", "", bytes(text, c->live_bytes));
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

static void add_diff_columns(struct page *page, const struct report_counts *before, const struct report_counts *after)
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
	buf__add_format(&page->line, "%11s %8s", signed_bytes(text, live.absolute), relative);
	buf__add_format(&page->line, " %10s", bytes(text, before->live_bytes));
	buf__add_format(&page->line, " %10s", bytes(text, after->live_bytes));
	buf__add_format(&page->line, " %+9" PRId64, blocks.absolute);
	buf__add_format(&page->line, " %11s", signed_bytes(text, alloc.absolute));
}

static void add_columns(struct page *page, const struct report *report, const struct report_row *row)
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
	}
}

static void add_heading(struct page *page, const struct report *report)
{
	static const char *const headings[][3] = {
		[SOURCE_HEAP] =
			{
				"      live  share    blocks    at peak  allocated    allocs     frees",
				"     change               before      after    blocks   allocated",
				"suspect   sure  pattern             live        growth    blocks    allocs     frees  "
				" oldest",
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
	end_line(page);
}

/* ---- rows */

/* Where live bytes (or their change) are estimated: the standard error. */
static void add_deviation(struct page *page, const struct report_row *row)
{
	double deviation = hypot(row->counts.live_bytes_stderr, row->before.live_bytes_stderr);
	char text[32];

	if (deviation > 0)
		buf__add_format(&page->line, "  (\u00b1%s)", units__format_bytes(text, sizeof(text), deviation));
}

/* Where pages were looked at beside the heap: what of the live bytes is in memory. */
static void add_resident(struct page *page, const struct report *report, const struct report_row *row)
{
	char text[32];

	if (report->kind != REPORT_DIFF && report->subject.source == SOURCE_HEAP && report->subject.resident.known)
		buf__add_format(&page->line, "  (%s resident)", bytes(text, row->counts.resident_bytes));
}

static void add_row(struct page *page, const struct report *report, const struct report_row *row)
{
	add_columns(page, report, row);
	if (report->request.group == GROUP_STACK) {
		add_deviation(page, row);
		add_resident(page, report, row);
		end_line(page);
		add_stack(page, row);
		return;
	}
	buf__add_string(&page->line, "  ");
	add_frame(page, &row->frames[0], 0);
	add_deviation(page, row);
	add_resident(page, report, row);
	end_line(page);
	if (report->request.group == GROUP_LINE)
		add_source(page, &row->frames[0]);
}

static void add_others(struct page *page, const struct report *report)
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
		buf__add_format(&page->line, "  (%zu other stack%s)", stacks, plural(stacks));
	else
		buf__add_string(&page->line, "  (without a stack)");
	end_line(page);
}

static const char *nothing(enum report_kind kind)
{
	switch (kind) {
	case REPORT_LEAKS:
		return "no suspects: nothing that was allocated in the window still lives";
	case REPORT_DIFF:
		return "no difference";
	case REPORT_PROFILE:
		break;
	}
	return "no sites";
}

static void add_table(struct page *page, const struct report *report)
{
	if (!report->row_count && !report__has_others(report)) {
		buf__add_string(&page->line, nothing(report->kind));
		end_line(page);
		return;
	}
	add_heading(page, report);
	for (size_t i = 0; i < report->row_count; i++)
		add_row(page, report, &report->rows[i]);
	add_others(page, report);
}

/* ---- known leaks */

static void add_suppressed(struct page *page, const struct report *report)
{
	bool any = false;
	char text[32];

	for (size_t i = 0; i < report->suppressed_count; i++) {
		const struct report_suppressed *each = &report->suppressed[i];

		if (!each->stacks)
			continue;
		if (!any) {
			end_line(page);
			buf__add_string(&page->line, "    stacks    blocks       live  suppressed by");
			end_line(page);
		}
		any = true;
		buf__add_format(&page->line, "%10" PRIu64 " %9" PRIu64 " %10s  leak:", each->stacks, each->live_objects,
				bytes(text, each->live_bytes));
		pieces__add_escaped(&page->line, each->pattern);
		end_line(page);
	}
}

/* ---- files and shared memory, beside pages */

static void add_named(struct page *page, const struct report *report)
{
	const struct profile_resident *resident = &report->subject.resident;
	size_t count = resident->named_count, limit = report->request.top_n;
	char text[32];

	if (report->kind == REPORT_DIFF || !count)
		return;
	end_line(page);
	buf__add_string(&page->line, "  resident  of files, and shared memory");
	end_line(page);
	for (size_t i = 0; i < count && (!limit || i < limit); i++) {
		buf__add_format(&page->line, "%10s  ", bytes(text, resident->named[i].resident_bytes));
		pieces__add_escaped(&page->line, resident->named[i].name);
		if (resident->named[i].shared)
			buf__add_string(&page->line, " (shared)");
		end_line(page);
	}
	if (limit && count > limit) {
		buf__add_format(&page->line, "%10s  (%zu more)", "", count - limit);
		end_line(page);
	}
}

/* ---- mapped memory */

static void add_mapped_columns(struct page *page, const struct report_mapped *mapped, const struct report_counts *c)
{
	char text[32];

	buf__add_format(&page->line, "%10s", bytes(text, c->live_bytes));
	add_share(page, c->live_bytes, mapped->totals.live_bytes);
	buf__add_format(&page->line, " %9" PRIu64 " %10s", c->live_objects, bytes(text, c->alloc_bytes));
	buf__add_format(&page->line, " %9" PRIu64, c->alloc_objects);
}

static void add_mapped(struct page *page, const struct report_mapped *mapped)
{
	size_t stacks = mapped->others.stacks;

	if (!mapped->row_count && !stacks)
		return;
	end_line(page);
	buf__add_string(&page->line,
			"mapped by mmap and brk, touched or not; the allocator's own memory is in here, too: "
			"not to be added to the heap's");
	end_line(page);
	buf__add_string(&page->line, "      live  share  mappings  allocated     calls  stack");
	end_line(page);
	for (size_t i = 0; i < mapped->row_count; i++) {
		add_mapped_columns(page, mapped, &mapped->rows[i].counts);
		end_line(page);
		add_stack(page, &mapped->rows[i]);
	}
	if (!stacks)
		return;
	add_mapped_columns(page, mapped, &mapped->others);
	buf__add_format(&page->line, "  (%zu other stack%s)", stacks, plural(stacks));
	end_line(page);
}

void render__text(const struct report *report, size_t width, struct buf *out)
{
	struct page page = {.out = out, .width = width};

	if (report->kind == REPORT_DIFF)
		add_subjects(&page, &report->before, &report->subject);
	else
		add_subject(&page, report);
	end_line(&page);
	add_table(&page, report);
	add_suppressed(&page, report);
	add_named(&page, report);
	add_mapped(&page, &report->mapped);
	buf__free(&page.line);
}

void render__text_mapped(const struct report *report, size_t width, struct buf *out)
{
	struct page page = {.out = out, .width = width};

	add_mapped(&page, &report->mapped);
	buf__free(&page.line);
}

void render__text_subject(const struct report *report, size_t width, struct buf *out)
{
	struct page page = {.out = out, .width = width};

	add_subject(&page, report);
	buf__free(&page.line);
}

void render__text_table(const struct report *report, size_t width, struct buf *out)
{
	struct page page = {.out = out, .width = width};

	add_table(&page, report);
	add_suppressed(&page, report);
	buf__free(&page.line);
}
