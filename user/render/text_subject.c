/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/text_subject.h"

#include <inttypes.h>

#include "analyze/frames.h"
#include "lib/units.h"
#include "render/pieces.h"
#include "render/text_reach.h"

/* ---- what was looked at */

static void add_process(struct text_page *page, const struct report_subject *subject)
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
	text_page__end_line(page);
}

static void add_window(struct text_page *page, const struct report_subject *subject)
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
		buf__add_format(&page->line, ", sampled every %s", text__bytes(more, sampling->period_bytes));
	if (sampling->largest_period_bytes > sampling->period_bytes)
		buf__add_format(&page->line, " (for a time every %s)",
				text__bytes(more, sampling->largest_period_bytes));
	if (sampling->paused_seconds > 0)
		buf__add_format(&page->line, ", %s not watched for %s",
				subject->source == SOURCE_PAGES ? "page faults" : "allocations",
				units__format_seconds(text, sizeof(text), sampling->paused_seconds));
	text_page__end_line(page);
	if (subject->trigger->kind) {
		char words[192];

		buf__add_format(&page->line, "  taken   %s",
				profile_trigger__words(subject->trigger, words, sizeof(words)));
		text_page__end_line(page);
	}
	if (!subject->end_reason)
		return;
	buf__add_string(&page->line, "  ended   ");
	pieces__add_escaped(&page->line, subject->end_reason);
	text_page__end_line(page);
}

static void add_page_totals(struct text_page *page, const struct report_subject *subject)
{
	const struct profile_totals *t = &subject->totals;
	char a[32], b[32];

	buf__add_format(&page->line, "  pages   %s resident in %" PRIu64 " private page%s",
			text__bytes(a, t->live_bytes), t->live_objects, text__plural(t->live_objects));
	if (subject->resident.swapped_bytes)
		buf__add_format(&page->line, ", %s swapped out", text__bytes(a, subject->resident.swapped_bytes));
	text_page__end_line(page);
	buf__add_format(&page->line, "  touched %s in %" PRIu64 " page%s, %s given back",
			text__bytes(a, t->alloc_bytes), t->alloc_objects, text__plural(t->alloc_objects),
			text__bytes(b, t->free_bytes));
	text_page__end_line(page);
}

/* What the RSS is made up of, to the last byte. */
static void add_parts(struct text_page *page, const struct report_subject *subject)
{
	const struct profile_resident *r = &subject->resident;
	int64_t unexplained = profile__unexplained(&subject->rss, r);
	char a[32], b[32];

	if (!r->known)
		return;
	if (subject->source == SOURCE_HEAP) {
		buf__add_format(&page->line, "  memory  %s of what lives is resident", text__bytes(a, r->live_bytes));
		if (subject->sampling.mode == SAMPLING_EXACT)
			buf__add_format(&page->line, ", %s retained by the allocator",
					text__bytes(a, r->retained_bytes));
		text_page__end_line(page);
	}
	buf__add_format(&page->line, "  that is %s by sites, %s from before",
			text__bytes(a, r->anonymous_bytes - r->before_bytes - r->unseen_bytes),
			text__bytes(b, r->before_bytes));
	if (r->unseen_bytes)
		buf__add_format(&page->line, ", %s not seen touched", text__bytes(a, r->unseen_bytes));
	buf__add_format(&page->line, ", %s of files, %s shared", text__bytes(a, r->file_bytes),
			text__bytes(b, r->shmem_bytes));
	buf__add_format(&page->line, ", %s unexplained", units__format_bytes(a, sizeof(a), (double)unexplained));
	text_page__end_line(page);
}

static void add_heap_totals(struct text_page *page, const struct report_subject *subject)
{
	const struct profile_totals *t = &subject->totals;
	char a[32], b[32];

	buf__add_format(&page->line, "  live    %s in %" PRIu64 " block%s, peak %s", text__bytes(a, t->live_bytes),
			t->live_objects, text__plural(t->live_objects), text__bytes(b, t->peak_live_bytes));
	text_page__end_line(page);
	buf__add_format(&page->line, "  churn   %s allocated in %" PRIu64 " block%s, %s freed in %" PRIu64,
			text__bytes(a, t->alloc_bytes), t->alloc_objects, text__plural(t->alloc_objects),
			text__bytes(b, t->free_bytes), t->free_objects);
	if (t->temporary_objects)
		buf__add_format(&page->line, ", %" PRIu64 " temporary", t->temporary_objects);
	text_page__end_line(page);
}

static void add_totals(struct text_page *page, const struct report_subject *subject)
{
	const struct profile_rss *rss = &subject->rss;
	char a[32], b[32], c[32];

	if (subject->source == SOURCE_PAGES)
		add_page_totals(page, subject);
	else
		add_heap_totals(page, subject);
	if (!rss->current_bytes && !rss->peak_bytes)
		return;
	buf__add_format(&page->line, "  rss     %s, peak %s: anon %s", text__bytes(a, rss->current_bytes),
			text__bytes(b, rss->peak_bytes), text__bytes(c, rss->anon_bytes));
	buf__add_format(&page->line, ", file %s, shmem %s", text__bytes(a, rss->file_bytes),
			text__bytes(b, rss->shmem_bytes));
	if (rss->swap_bytes)
		buf__add_format(&page->line, ", swapped out %s", text__bytes(a, rss->swap_bytes));
	text_page__end_line(page);
	add_parts(page, subject);
}

/* "mmap 4.0 MiB in 2 calls", or of arenas their number. */
static void add_activity_kind(struct text_page *page, const struct profile_activity *activity, int kind)
{
	const struct mt_activity_count *count = &activity->kinds[kind];
	char text[32];

	if (kind == MT_ACTIVITY_ARENA)
		buf__add_format(&page->line, "%" PRIu64 " new arena heap%s", (uint64_t)count->calls,
				text__plural(count->calls));
	else
		buf__add_format(&page->line, "%s %s in %" PRIu64 " call%s", profile__activity_name(kind),
				text__bytes(text, count->bytes), (uint64_t)count->calls, text__plural(count->calls));
}

static void add_activity_kinds(struct text_page *page, const struct profile_activity *activity, int first, int limit)
{
	bool any = false;

	for (int i = first; i < limit; i++) {
		if (!activity->kinds[i].calls)
			continue;
		buf__add_string(&page->line, any ? ", " : " (");
		add_activity_kind(page, activity, i);
		any = true;
	}
	if (any)
		buf__add_string(&page->line, ")");
}

/* What was asked of the kernel: nothing is said of a process that asked for nothing. */
static void add_activity(struct text_page *page, const struct profile_activity *activity)
{
	uint64_t calls = 0;
	char text[32];

	for (int i = 0; i < MT_ACTIVITY_MAX; i++)
		calls += activity->kinds[i].calls;
	if (!calls)
		return;
	buf__add_format(&page->line, "  kernel  %s obtained", text__bytes(text, profile__obtained(activity)));
	add_activity_kinds(page, activity, 0, MT_ACTIVITY_FIRST_RELEASE);
	buf__add_format(&page->line, ", %s given back", text__bytes(text, profile__released(activity)));
	add_activity_kinds(page, activity, MT_ACTIVITY_FIRST_RELEASE, MT_ACTIVITY_MAX);
	text_page__end_line(page);
}

/* Frees without an allocation are what sampling makes of most of them: a loss only when every block is counted. */
static void add_losses(struct text_page *page, const struct report_subject *subject)
{
	for (int i = 0; i < MT_LOSS_MAX; i++) {
		if (!subject->loss[i])
			continue;
		if (i == MT_LOSS_FREE_UNMATCHED && subject->sampling.mode != SAMPLING_EXACT)
			continue;
		buf__add_format(&page->line, "  lost    %" PRIu64 " %s", subject->loss[i], profile__loss_words(i));
		text_page__end_line(page);
	}
}

/* ---- where it goes */

static void add_growth_parts(struct text_page *page, const struct outlook *outlook)
{
	static const double share = 0.2; /* of the growth: what is less is not worth a word */
	double least = share * (double)outlook->growth_bytes;
	char text[32];

	if ((double)outlook->beyond_bytes > least)
		buf__add_format(&page->line,
				", %s of it beyond live blocks (kept by the allocator, or mapped directly)",
				text__bytes(text, outlook->beyond_bytes));
	if ((double)outlook->file_bytes > least)
		buf__add_format(&page->line, ", %s of files", text__bytes(text, (uint64_t)outlook->file_bytes));
	if ((double)outlook->shmem_bytes > least)
		buf__add_format(&page->line, ", %s of shared memory",
				text__bytes(text, (uint64_t)outlook->shmem_bytes));
}

static void add_per_hour(struct text_page *page, const struct outlook *outlook)
{
	char a[32], b[32], c[32];

	buf__add_format(&page->line, ", %s/h (%s to %s)", units__format_bytes(a, sizeof(a), outlook->per_hour.slope),
			units__format_bytes(b, sizeof(b), outlook->per_hour.low),
			units__format_bytes(c, sizeof(c), outlook->per_hour.high));
	if (outlook->before_per_hour > 0)
		buf__add_format(&page->line, "; %s/h on average before",
				text__bytes(a, (uint64_t)outlook->before_per_hour));
}

static void add_limit(struct text_page *page, const struct report *report)
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
	buf__add_format(&page->line, ": %s of %s used", text__bytes(a, limit->used_bytes),
			text__bytes(b, limit->limit_bytes));
	if (report->outlook.limit_seconds >= 0)
		buf__add_format(&page->line, ", full in %s at this rate",
				units__format_seconds(a, sizeof(a), report->outlook.limit_seconds));
	text_page__end_line(page);
}

static void add_mover(struct text_page *page, const struct report_mover *mover)
{
	const struct report_frame none = {0}, *frame = frames__owner(mover->frames, mover->frame_count);
	struct buf name = {0};
	char text[32];

	pieces__add_name(&name, frame ? frame : &none);
	pieces__add_escaped(&page->line, name.data ? name.data : "");
	page->out->failed |= name.failed;
	buf__free(&name);
	buf__add_format(&page->line, " (%s)", text__signed_bytes(text, mover->live_bytes));
}

static void add_jump(struct text_page *page, const struct report *report, const struct report_jump *jump)
{
	const struct profile_look *looks = report->subject.looks;
	char a[32], b[32], c[32];

	buf__add_format(&page->line, "  jump    live %s, rss %s at %s", text__signed_bytes(a, jump->jump.live_bytes),
			text__signed_bytes(b, jump->jump.rss_bytes),
			units__format_seconds(c, sizeof(c), looks[jump->jump.to].seconds));
	for (size_t i = 0; i < jump->mover_count; i++) {
		buf__add_string(&page->line, i ? ", " : ": ");
		add_mover(page, &jump->movers[i]);
	}
	text_page__end_line(page);
}

static void add_outlook(struct text_page *page, const struct report *report)
{
	const struct outlook *outlook = &report->outlook;
	char text[32];

	if (!outlook->known)
		return;
	buf__add_format(&page->line, "  growth  rss %s", text__signed_bytes(text, outlook->growth_bytes));
	if (outlook->grows)
		add_per_hour(page, outlook);
	if (outlook->explained >= 0) {
		buf__add_format(&page->line, ", %.0f %% explained by the sites shown", outlook->explained * 100);
		add_growth_parts(page, outlook);
	}
	text_page__end_line(page);
	for (size_t i = 0; i < report->jump_count; i++)
		add_jump(page, report, &report->jumps[i]);
	add_limit(page, report);
}

static void add_subject(struct text_page *page, const struct report *report)
{
	const struct report_subject *subject = &report->subject;

	add_process(page, subject);
	add_window(page, subject);
	add_totals(page, subject);
	add_activity(page, &subject->activity);
	add_outlook(page, report);
	text_reach__add_summary(page, report);
	add_losses(page, subject);
}

/* ---- changes */

static void add_change(struct text_page *page, const char *what, uint64_t before, uint64_t after)
{
	const struct change change = change__of(before, after);
	char a[32], b[32], c[32];

	buf__add_format(&page->line, "  %-8s%s -> %s", what, text__bytes(a, before), text__bytes(b, after));
	if (change.absolute)
		buf__add_format(&page->line, ", %s", text__signed_bytes(c, change.absolute));
	if (change.absolute && before)
		buf__add_format(&page->line, " (%+.1f%%)", change.relative * 100);
}

static void add_both(struct text_page *page, const struct report *report)
{
	const struct report_subject *before = &report->before, *after = &report->subject;
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
	text_page__end_line(page);
	add_change(page, after->source == SOURCE_PAGES ? "pages" : "live", from->live_bytes, to->live_bytes);
	buf__add_format(&page->line, ", %" PRIu64 " -> %" PRIu64 " %s", from->live_objects, to->live_objects,
			after->source == SOURCE_PAGES ? "pages" : "blocks");
	text_page__end_line(page);
	if (after->source == SOURCE_HEAP) {
		add_change(page, "peak", from->peak_live_bytes, to->peak_live_bytes);
		text_page__end_line(page);
	}
	if (!before->rss.current_bytes && !after->rss.current_bytes)
		return;
	add_change(page, "rss", before->rss.current_bytes, after->rss.current_bytes);
	text_page__end_line(page);
	if (before->rss.swap_bytes || after->rss.swap_bytes) {
		add_change(page, "swapped", before->rss.swap_bytes, after->rss.swap_bytes);
		text_page__end_line(page);
	}
	if (report->explained < 0)
		return;
	buf__add_format(&page->line, "  growth  %.0f %% explained by the sites shown", report->explained * 100);
	text_page__end_line(page);
}

void text_subject__add(struct text_page *page, const struct report *report)
{
	if (report->kind == REPORT_DIFF)
		add_both(page, report);
	else
		add_subject(page, report);
}
