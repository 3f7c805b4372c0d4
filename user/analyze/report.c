/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/group.h"
#include "analyze/mapped.h"
#include "analyze/movers.h"
#include "lib/array.h"

const char *report__group_name(enum report_group group)
{
	static const char *const names[] = {"line", "function", "file", "object", "stack"};

	return names[group];
}

static bool counts_empty(const struct report_counts *counts)
{
	return !counts->stacks && !counts->live_bytes && !counts->live_objects && !counts->alloc_bytes &&
	       !counts->alloc_objects && !counts->free_bytes && !counts->free_objects;
}

bool report__has_others(const struct report *report)
{
	return !counts_empty(&report->others) || !counts_empty(&report->others_before);
}

void report__free(struct report *report)
{
	if (!report)
		return;
	free(report->rows);
	free(report->points);
	free(report->jumps);
	free(report->suppressed);
	mapped__free(&report->mapped);
	frame_list__free(report->frame_list);
	free(report);
}

static struct report_subject subject_of(const struct profile *profile)
{
	struct report_subject subject = {
		.process = profile->process,
		.source = profile->source,
		.start_ns = profile->start_ns,
		.end_ns = profile->end_ns,
		.seconds = profile->seconds,
		.older_seconds = profile->older_seconds,
		.end_reason = profile->end_reason,
		.trigger = &profile->trigger,
		.sampling = profile->sampling,
		.rss = profile->rss,
		.limit = profile->limit,
		.resident = profile->resident,
		.totals = profile->totals,
		.reach = profile->reach,
		.activity = profile->activity,
		.looks = profile->looks,
		.look_count = profile->look_count,
	};

	memcpy(subject.loss, profile->loss, sizeof(subject.loss));
	return subject;
}

/* ---- order */

static uint64_t magnitude(uint64_t before, uint64_t after)
{
	return before > after ? before - after : after - before;
}

/* A number to sort by, largest first. */
static double key_of(const struct report *report, const struct report_row *row, enum report_sort sort)
{
	const struct report_counts *now = &row->counts, *before = &row->before;

	switch (sort) {
	case SORT_LIVE:
		return (double)magnitude(before->live_bytes, now->live_bytes);
	case SORT_ALLOC:
		return (double)magnitude(before->alloc_bytes, now->alloc_bytes);
	case SORT_OBJECTS:
		return (double)magnitude(before->live_objects, now->live_objects);
	case SORT_PEAK:
		return (double)magnitude(before->peak_bytes, now->peak_bytes);
	case SORT_GROWTH:
		return report->kind == REPORT_LEAKS ? row->leak.growth_bytes_per_hour
						    : (double)change__of(before->live_bytes, now->live_bytes).absolute;
	case SORT_AGE:
		return now->oldest_age_seconds;
	case SORT_TEMPORARY:
		return (double)magnitude(before->temporary_objects, now->temporary_objects);
	case SORT_SCORE:
		return row->leak.score;
	case SORT_LOST:
		return (double)(now->reach[REACH_DEFINITE].bytes + now->behind.bytes);
	}
	return 0;
}

/* What decides where that number is the same. */
static double second_key_of(const struct report_row *row, enum report_sort sort)
{
	return sort == SORT_LOST ? (double)row->counts.reach[REACH_POSSIBLY].bytes : 0;
}

static int compare_numbers(double a, double b)
{
	return a < b ? 1 : a > b ? -1 : 0;
}

/* Ties go to the larger in live, then allocated bytes, then by id: the order never depends on the input's. */
static int compare_rows(const void *a, const void *b, void *cookie)
{
	const struct report *report = cookie;
	const enum report_sort sorts[] = {report->request.sort, SORT_LIVE, SORT_ALLOC};
	const struct report_row *x = a, *y = b;
	int order = 0;

	for (size_t i = 0; !order && i < ARRAY_SIZE(sorts); i++) {
		order = compare_numbers(key_of(report, x, sorts[i]), key_of(report, y, sorts[i]));
		if (!order)
			order = compare_numbers(second_key_of(x, sorts[i]), second_key_of(y, sorts[i]));
	}
	if (!order)
		order = x->id < y->id ? -1 : x->id > y->id;
	return order;
}

/* ---- what is shown, and what is not */

static bool shown(const struct report *report, const struct report_row *row)
{
	const struct report_counts *now = &row->counts, *before = &row->before;

	if (magnitude(before->live_bytes, now->live_bytes) < report->request.min_bytes)
		return false;
	if (report->kind == REPORT_LEAKS)
		return now->live_bytes > 0 && now->alloc_bytes > 0; /* pages may be from before */
	if (report->kind == REPORT_REACH)
		return now->reach[REACH_DEFINITE].objects || now->reach[REACH_POSSIBLY].objects ||
		       now->reach[REACH_INDIRECT].objects;
	if (report->kind == REPORT_DIFF && report->request.significant)
		return row->drift.significant;
	if (report->kind == REPORT_DIFF)
		return now->live_bytes != before->live_bytes || now->live_objects != before->live_objects ||
		       now->alloc_bytes != before->alloc_bytes || now->alloc_objects != before->alloc_objects;
	return true;
}

/* Moves the rows that are to be shown to the front, and returns their number. */
static size_t select_rows(struct report *report)
{
	size_t count = 0;

	for (size_t i = 0; i < report->row_count; i++) {
		const struct report_row row = report->rows[i];

		if (!shown(report, &row))
			continue;
		report->rows[i] = report->rows[count];
		report->rows[count++] = row;
	}
	return count;
}

/* Adds to *others what a total of the process has beyond all sites (those of stacks that could not be kept). */
static void add_rest(uint64_t *others, uint64_t total, uint64_t of_sites)
{
	if (total > of_sites)
		*others += total - of_sites;
}

static void add_unattributed(struct report_counts *others, const struct report_counts *sites,
			     const struct profile_totals *totals)
{
	add_rest(&others->live_bytes, totals->live_bytes, sites->live_bytes);
	add_rest(&others->live_objects, totals->live_objects, sites->live_objects);
	add_rest(&others->alloc_bytes, totals->alloc_bytes, sites->alloc_bytes);
	add_rest(&others->alloc_objects, totals->alloc_objects, sites->alloc_objects);
	add_rest(&others->free_bytes, totals->free_bytes, sites->free_bytes);
	add_rest(&others->free_objects, totals->free_objects, sites->free_objects);
}

static void sum_others(struct report *report, const struct group *group, size_t first)
{
	struct report_counts all, all_before;

	report->others = group->dropped;
	report->others_before = group->dropped_before;
	for (size_t i = first; i < group->count; i++) {
		counts__add(&report->others, &report->rows[i].counts);
		counts__add(&report->others_before, &report->rows[i].before);
	}
	all = report->others;
	all_before = report->others_before;
	for (size_t i = 0; i < first; i++) {
		counts__add(&all, &report->rows[i].counts);
		counts__add(&all_before, &report->rows[i].before);
	}
	add_unattributed(&report->others, &all, &report->subject.totals);
	add_unattributed(&report->others_before, &all_before, &report->before.totals);
}

static void sum_reach(struct report *report)
{
	for (int class = 0; class < REACH_CLASSES; class ++) {
		report->reach[class] = report->others.reach[class];
		for (size_t i = 0; i < report->row_count; i++)
			profile_blocks__add(&report->reach[class], &report->rows[i].counts.reach[class]);
	}
}

static void judge(const struct report_subject *subject, struct report_row *row)
{
	double live_objects = (double)row->counts.live_objects;
	const struct leak_input input = {
		.counts = &row->counts,
		.trend = {.seconds = subject->seconds,
			  .looks = subject->looks,
			  .points = row->points,
			  .look_count = subject->look_count,
			  .births = row->counts.births,
			  .block_bytes = live_objects > 0 ? (double)row->counts.live_bytes / live_objects : 0,
			  .oldest_seconds = row->counts.oldest_age_seconds},
		.older_seconds = subject->older_seconds,
		.paused_seconds = subject->sampling.paused_seconds,
		.limit = &subject->limit,
		.reach_known = subject->reach.known,
	};

	row->leak = leak__judge(&input);
}

static void judge_drift(struct report *report, struct report_row *row)
{
	uint64_t before = report->before.totals.live_bytes, after = report->subject.totals.live_bytes;

	row->drift = drift__of(&row->before, &row->counts, before > after ? before : after);
	report->moved += row->drift.significant;
	report->grown += row->drift.significant && row->drift.z > 0;
}

static void look_out(struct report *report)
{
	const struct report_subject *subject = &report->subject;
	struct outlook_input input = {
		.looks = subject->looks,
		.look_count = subject->look_count,
		.limit = &subject->limit,
		.age_seconds = (double)(subject->end_ns - subject->process.start_time_ns) / 1e9,
	};

	for (size_t i = 0; i < report->row_count; i++) {
		const struct profile_point *points = report->rows[i].points;
		uint64_t last = points ? points[input.look_count - 1].live_bytes : 0;

		if (points && last > points[0].live_bytes)
			input.shown_bytes += last - points[0].live_bytes;
	}
	report->outlook = outlook__of(&input);
}

static uint64_t memory_of(const struct report_subject *subject)
{
	return subject->rss.current_bytes + subject->rss.swap_bytes;
}

static void explain(struct report *report)
{
	uint64_t shown = 0;

	for (size_t i = 0; i < report->row_count; i++) {
		const struct report_row *row = &report->rows[i];

		if (row->counts.live_bytes > row->before.live_bytes)
			shown += row->counts.live_bytes - row->before.live_bytes;
	}
	report->explained =
		outlook__explained(shown, (int64_t)(memory_of(&report->subject) - memory_of(&report->before)));
}

/* The rows are those of the group, which gives them away. */
static int arrange(struct report *report, struct group *group)
{
	size_t count;
	int code = 0;

	report->rows = group->rows;
	report->row_count = group->count;
	report->points = group->points;
	report->suppressed = group->suppressed;
	report->suppressed_count = suppressions__count(report->request.suppressions);
	group->rows = NULL;
	group->points = NULL;
	group->suppressed = NULL;
	for (size_t i = 0; report->kind != REPORT_DIFF && report->subject.look_count && i < report->row_count; i++)
		report->rows[i].points = report->points + i * report->subject.look_count;
	for (size_t i = 0; report->kind == REPORT_LEAKS && i < report->row_count; i++)
		judge(&report->subject, &report->rows[i]);
	for (size_t i = 0; report->kind == REPORT_DIFF && i < report->row_count; i++)
		judge_drift(report, &report->rows[i]);
	if (report->course)
		code = movers__find(report);
	count = select_rows(report);
	if (count)
		qsort_r(report->rows, count, sizeof(*report->rows), compare_rows, report);
	for (size_t i = 0; i < count; i++)
		if (report->rows[i].leak.severity > report->worst)
			report->worst = report->rows[i].leak.severity;
	if (report->request.top_n && count > report->request.top_n)
		count = report->request.top_n;
	sum_others(report, group, count);
	report->row_count = count;
	sum_reach(report);
	if (report->course)
		look_out(report);
	if (report->kind == REPORT_DIFF)
		explain(report);
	return code;
}

static struct report *build(enum report_kind kind, const struct diff *diff, const struct report_request *request)
{
	struct report *report = calloc(1, sizeof(*report));
	struct group group = {0};
	int code = -ENOMEM;

	if (!report)
		return NULL;
	report->kind = kind;
	report->request = *request;
	report->subject = subject_of(diff->after);
	report->course = kind == REPORT_LEAKS || (kind == REPORT_PROFILE && report->subject.look_count);
	if (diff->before)
		report->before = subject_of(diff->before);
	report->frame_list = frame_list__new(request->sources);
	if (report->frame_list)
		code = group__add_up(diff, request, report->frame_list, &group);
	if (!code)
		code = arrange(report, &group);
	if (!code && !diff->before)
		code = mapped__make(diff->after, request, report->frame_list, &report->mapped);
	group__free(&group);
	if (code) {
		report__free(report);
		return NULL;
	}
	return report;
}

static int new_report(enum report_kind kind, const struct profile *before, const struct profile *after,
		      const struct report_request *request, struct report **report, struct error *err)
{
	struct diff *diff = diff__new(before, after);

	*report = diff ? build(kind, diff, request) : NULL;
	diff__free(diff);
	return *report ? 0 : error__set(err, -ENOMEM, "cannot make the report: out of memory");
}

int report__new(enum report_kind kind, const struct profile *profile, const struct report_request *request,
		struct report **report, struct error *err)
{
	return new_report(kind, NULL, profile, request, report, err);
}

int report__new_diff(const struct profile *before, const struct profile *after, const struct report_request *request,
		     struct report **report, struct error *err)
{
	return new_report(REPORT_DIFF, before, after, request, report, err);
}
