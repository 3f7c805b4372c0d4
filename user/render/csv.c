/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>

#include "lib/array.h"
#include "render/pieces.h"
#include "render/render.h"

#define END "\r\n" /* RFC 4180 */

static void add_stack(struct buf *out, const struct report_row *row)
{
	struct buf text = {0}, place = {0};

	for (size_t i = 0; i < row->frame_count; i++) {
		if (i)
			buf__add_string(&text, " < ");
		pieces__add_name(&text, &row->frames[i]);
		place.size = 0;
		pieces__add_place(&place, &row->frames[i]);
		if (place.size)
			buf__add_format(&text, " (%s)", place.data);
	}
	pieces__add_csv(out, ",", text.size ? text.data : "[no stack]");
	out->failed |= text.failed || place.failed;
	buf__free(&text);
	buf__free(&place);
}

static void add_counts(struct buf *out, const struct report_counts *c)
{
	buf__add_format(out, ",%" PRIu64 ",%" PRIu64 ",%.15g,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64,
			c->live_bytes, c->live_objects, c->live_bytes_stderr, c->peak_bytes, c->alloc_bytes,
			c->alloc_objects, c->free_bytes, c->free_objects);
	buf__add_format(out, ",%" PRIu64 ",%" PRIu64 ",", c->temporary_objects, c->older_bytes);
	if (c->oldest_age_seconds >= 0)
		buf__add_format(out, "%.15g", c->oldest_age_seconds);
	buf__add_format(out, ",%zu", c->stacks);
}

static void add_leak(struct buf *out, const struct leak *leak)
{
	buf__add_format(out, ",%.15g,%s,%.15g,%s", leak->score, leak__severity_name(leak->severity), leak->confidence,
			leak__pattern_name(leak->pattern));
	buf__add_format(out, ",%.15g,%.15g,%.15g,%.15g", leak->growth_bytes_per_hour, leak->growth_low,
			leak->growth_high, leak->retained);
}

static void add_reach(struct buf *out, const struct report_counts *c)
{
	const struct profile_blocks blocks[] = {
		c->reach[REACH_DEFINITE],
		c->reach[REACH_INDIRECT],
		c->reach[REACH_POSSIBLY],
		c->reach[REACH_REACHABLE],
		c->behind,
	};

	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++)
		buf__add_format(out, ",%" PRIu64 ",%" PRIu64, blocks[i].bytes, blocks[i].objects);
}

static void add_changes(struct buf *out, const struct report_counts *before, const struct report_counts *after)
{
	const struct {
		uint64_t before, after;
	} pairs[] = {
		{before->live_bytes, after->live_bytes},
		{before->live_objects, after->live_objects},
		{before->alloc_bytes, after->alloc_bytes},
		{before->alloc_objects, after->alloc_objects},
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		buf__add_format(out, ",%" PRIu64 ",%" PRIu64 ",%" PRId64, pairs[i].before, pairs[i].after,
				change__of(pairs[i].before, pairs[i].after).absolute);
}

static void add_header(struct buf *out, enum report_kind kind)
{
	if (kind == REPORT_DIFF) {
		buf__add_string(out, "id");
		buf__add_string(out, ",live_bytes_before,live_bytes_after,live_bytes_change");
		buf__add_string(out, ",live_objects_before,live_objects_after,live_objects_change");
		buf__add_string(out, ",alloc_bytes_before,alloc_bytes_after,alloc_bytes_change");
		buf__add_string(out, ",alloc_objects_before,alloc_objects_after,alloc_objects_change");
	} else {
		buf__add_string(out,
				"id,live_bytes,live_objects,live_bytes_stderr,peak_bytes,alloc_bytes,alloc_objects,");
		buf__add_string(out, "free_bytes,free_objects,temporary_objects,older_bytes,oldest_age_seconds,stacks");
	}
	if (kind == REPORT_LEAKS)
		buf__add_string(out, ",score,severity,confidence,pattern,growth_bytes_per_hour,growth_low_bytes_per_"
				     "hour,growth_high_bytes_per_hour,retained_ratio");
	if (kind == REPORT_REACH)
		buf__add_string(out, ",definitely_lost_bytes,definitely_lost_objects,indirectly_lost_bytes,"
				     "indirectly_lost_objects,possibly_lost_bytes,possibly_lost_objects,"
				     "reachable_bytes,reachable_objects,behind_bytes,behind_objects");
	buf__add_string(out, ",stack" END);
}

/* The line for what no row shows has no id, and "[others]" for a stack. */
static void add_others(const struct report *report, struct buf *out)
{
	if (!report__has_others(report))
		return;
	if (report->kind == REPORT_DIFF)
		add_changes(out, &report->others_before, &report->others);
	else
		add_counts(out, &report->others);
	if (report->kind == REPORT_LEAKS)
		buf__add_string(out, ",,,,,,,,");
	if (report->kind == REPORT_REACH)
		add_reach(out, &report->others);
	buf__add_string(out, ",[others]" END);
}

void render__csv(const struct report *report, struct buf *out)
{
	add_header(out, report->kind);
	for (size_t i = 0; i < report->row_count; i++) {
		const struct report_row *row = &report->rows[i];

		buf__add_format(out, "%016" PRIx64, row->id);
		if (report->kind == REPORT_DIFF)
			add_changes(out, &row->before, &row->counts);
		else
			add_counts(out, &row->counts);
		if (report->kind == REPORT_LEAKS)
			add_leak(out, &row->leak);
		if (report->kind == REPORT_REACH)
			add_reach(out, &row->counts);
		add_stack(out, row);
		buf__add_string(out, END);
	}
	add_others(report, out);
}
