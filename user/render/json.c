/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The documents of user/render/schema/: what is written here is what they describe, and a test holds them to it. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "lib/json_value.h"
#include "render/json_document.h"
#include "render/json_looks.h"
#include "render/json_parts.h"
#include "render/json_reach.h"
#include "render/pieces.h"
#include "render/render.h"

static void set_count(json_t *object, const char *key, uint64_t count)
{
	json_value__set(object, key, json_value__count(count));
}

/* ---- the parts that say what was looked at */

static json_t *trigger_of(const struct profile_trigger *trigger)
{
	json_t *object;

	if (!trigger->kind)
		return json_null();
	object = json_object();
	json_value__set(object, "kind", json_value__text(trigger->kind));
	set_count(object, "level", trigger->level);
	set_count(object, "value", trigger->value);
	json_value__set(object, "unit", json_string(profile_trigger__unit(trigger)));
	json_value__set(object, "time", json_value__time(trigger->time_ns));
	return object;
}

static json_t *window_of(const struct report_subject *subject)
{
	json_t *object = json_object();

	json_value__set(object, "start", json_value__time(subject->start_ns));
	json_value__set(object, "end", json_value__time(subject->end_ns));
	json_value__set(object, "seconds", json_value__number(subject->seconds));
	json_value__set(object, "end_reason", json_value__text(subject->end_reason));
	json_value__set(object, "trigger", trigger_of(subject->trigger));
	return object;
}

static json_t *sampling_of(const struct profile_sampling *sampling)
{
	json_t *object = json_object();

	json_value__set(object, "mode", json_string(sampling->mode == SAMPLING_EXACT ? "exact" : "poisson"));
	set_count(object, "period_bytes", sampling->period_bytes);
	set_count(object, "largest_period_bytes", sampling->largest_period_bytes);
	json_value__set(object, "paused_seconds", json_value__number(sampling->paused_seconds));
	return object;
}

static json_t *rss_of(const struct profile_rss *rss)
{
	json_t *object = json_object();

	set_count(object, "current_bytes", rss->current_bytes);
	set_count(object, "peak_bytes", rss->peak_bytes);
	set_count(object, "anon_bytes", rss->anon_bytes);
	set_count(object, "file_bytes", rss->file_bytes);
	set_count(object, "shmem_bytes", rss->shmem_bytes);
	set_count(object, "swap_bytes", rss->swap_bytes);
	return object;
}

static json_t *named_of(const struct profile_named *named)
{
	json_t *object = json_object();

	json_value__set(object, "name", json_value__text(named->name));
	json_value__set(object, "shared", json_boolean(named->shared));
	set_count(object, "resident_bytes", named->resident_bytes);
	return object;
}

static json_t *resident_of(const struct report_subject *subject)
{
	const struct profile_resident *resident = &subject->resident;
	json_t *object = json_object(), *named = json_array();

	set_count(object, "anonymous_bytes", resident->anonymous_bytes);
	set_count(object, "before_bytes", resident->before_bytes);
	set_count(object, "unseen_bytes", resident->unseen_bytes);
	set_count(object, "swapped_bytes", resident->swapped_bytes);
	set_count(object, "file_bytes", resident->file_bytes);
	set_count(object, "shmem_bytes", resident->shmem_bytes);
	set_count(object, "live_bytes", resident->live_bytes);
	set_count(object, "retained_bytes", resident->retained_bytes);
	json_value__set(object, "unexplained_bytes", json_integer(profile__unexplained(&subject->rss, resident)));
	for (size_t i = 0; i < resident->named_count; i++)
		json_array_append_new(named, named_of(&resident->named[i]));
	json_value__set(object, "named", named);
	return object;
}

static json_t *activity_of(const struct profile_activity *activity)
{
	json_t *object, *kind;

	if (!activity->watched)
		return json_null();
	object = json_object();
	set_count(object, "obtained_bytes", profile__obtained(activity));
	set_count(object, "released_bytes", profile__released(activity));
	for (int i = 0; i < MT_ACTIVITY_MAX; i++) {
		kind = json_null();
		if (activity->watched >> i & 1) {
			kind = json_object();
			set_count(kind, "calls", activity->kinds[i].calls);
			set_count(kind, "bytes", activity->kinds[i].bytes);
		}
		json_value__set(object, profile__activity_name(i), kind);
	}
	return object;
}

static json_t *totals_of(const struct profile_totals *totals)
{
	json_t *object = json_object();

	set_count(object, "live_bytes", totals->live_bytes);
	set_count(object, "live_objects", totals->live_objects);
	set_count(object, "alloc_bytes", totals->alloc_bytes);
	set_count(object, "alloc_objects", totals->alloc_objects);
	set_count(object, "free_bytes", totals->free_bytes);
	set_count(object, "free_objects", totals->free_objects);
	set_count(object, "peak_live_bytes", totals->peak_live_bytes);
	json_value__set(object, "peak_time", json_value__time(totals->peak_time_ns));
	set_count(object, "temporary_objects", totals->temporary_objects);
	return object;
}

static json_t *loss_of(const uint64_t loss[MT_LOSS_MAX])
{
	json_t *object = json_object();

	for (int i = 0; i < MT_LOSS_MAX; i++)
		set_count(object, profile__loss_name(i), loss[i]);
	return object;
}

static void set_subject(json_t *object, const struct report_subject *subject)
{
	json_value__set(object, "process", json_parts__process(&subject->process));
	json_value__set(object, "source", json_string(profile__source_name(subject->source)));
	json_value__set(object, "window", window_of(subject));
	json_value__set(object, "sampling", sampling_of(&subject->sampling));
	json_value__set(object, "rss", rss_of(&subject->rss));
	json_value__set(object, "resident", subject->resident.known ? resident_of(subject) : json_null());
	json_value__set(object, "totals", totals_of(&subject->totals));
	json_value__set(object, "activity", activity_of(&subject->activity));
	json_value__set(object, "loss", loss_of(subject->loss));
	json_value__set(object, "older_seconds",
			subject->older_seconds > 0 ? json_value__number(subject->older_seconds) : json_null());
}

/* ---- sites */

static void set_id(json_t *object, uint64_t id)
{
	char text[17];

	snprintf(text, sizeof(text), "%016" PRIx64, id);
	json_value__set(object, "id", json_string(text));
}

static void set_counts(json_t *object, const struct report_counts *counts)
{
	set_count(object, "live_bytes", counts->live_bytes);
	set_count(object, "live_objects", counts->live_objects);
	json_value__set(object, "live_bytes_stderr", json_value__number(counts->live_bytes_stderr));
	set_count(object, "peak_bytes", counts->peak_bytes);
	set_count(object, "alloc_bytes", counts->alloc_bytes);
	set_count(object, "alloc_objects", counts->alloc_objects);
	set_count(object, "free_bytes", counts->free_bytes);
	set_count(object, "free_objects", counts->free_objects);
	set_count(object, "temporary_objects", counts->temporary_objects);
	set_count(object, "resident_bytes", counts->resident_bytes);
	set_count(object, "swapped_bytes", counts->swapped_bytes);
	set_count(object, "older_bytes", counts->older_bytes);
	json_value__set(object, "oldest_age_seconds",
			counts->oldest_age_seconds >= 0 ? json_value__number(counts->oldest_age_seconds) : json_null());
	set_count(object, "stacks", counts->stacks);
}

static json_t *trend_of(const struct trend *trend)
{
	json_t *object;

	if (!trend->known)
		return json_null();
	object = json_object();
	json_value__set(object, "z", json_value__number(trend->test.z));
	json_value__set(object, "p", json_value__number(trend->test.p));
	json_value__set(object, "r_squared", json_value__number(trend->r_squared));
	json_value__set(object, "steadiness", json_value__number(trend->steadiness));
	json_value__set(object, "steadiness_high", json_value__number(trend->steadiness_high));
	json_value__set(object, "lasting", json_value__number(trend->lasting));
	json_value__set(object, "lasting_high", json_value__number(trend->lasting_high));
	json_value__set(object, "late_lasting", json_value__number(trend->late_lasting));
	json_value__set(object, "elders", json_value__number(trend->elders));
	json_value__set(object, "directness", json_value__number(trend->directness));
	json_value__set(object, "excess", json_value__number(trend->excess));
	json_value__set(object, "turnover", json_value__number(trend->turnover));
	set_count(object, "highs", trend->highs);
	json_value__set(object, "step_share", json_value__number(trend->step_share));
	json_value__set(object, "drawdown", json_value__number(trend->drawdown));
	return object;
}

static json_t *leak_of(const struct leak *leak)
{
	json_t *object = json_object();

	json_value__set(object, "score", json_value__number(leak->score));
	json_value__set(object, "severity", json_string(leak__severity_name(leak->severity)));
	json_value__set(object, "confidence", json_value__number(leak->confidence));
	json_value__set(object, "pattern", json_string(leak__pattern_name(leak->pattern)));
	json_value__set(object, "growth_bytes_per_hour", json_value__number(leak->growth_bytes_per_hour));
	json_value__set(object, "growth_low_bytes_per_hour", json_value__number(leak->growth_low));
	json_value__set(object, "growth_high_bytes_per_hour", json_value__number(leak->growth_high));
	json_value__set(object, "projected_24h_bytes", json_value__number(leak->projected_24h));
	json_value__set(object, "oldest_age_seconds",
			leak->oldest_age_seconds >= 0 ? json_value__number(leak->oldest_age_seconds) : json_null());
	json_value__set(object, "retained_ratio", json_value__number(leak->retained));
	json_value__set(object, "unexplained_ratio", json_value__number(leak->unexplained));
	json_value__set(object, "unreachable_ratio",
			leak->unreachable >= 0 ? json_value__number(leak->unreachable) : json_null());
	json_value__set(object, "trend", trend_of(&leak->trend));
	return object;
}

static void set_site_course(json_t *site, const struct report *report, const struct report_row *row)
{
	json_value__set(site, "births", json_looks__births(&row->counts));
	json_value__set(site, "series", json_looks__series(&report->subject, row));
}

static json_t *limit_of(const struct profile_limit *limit)
{
	json_t *object;

	if (!limit->limit_bytes)
		return json_null();
	object = json_object();
	json_value__set(object, "cgroup", json_value__text(limit->cgroup));
	set_count(object, "limit_bytes", limit->limit_bytes);
	set_count(object, "used_bytes", limit->used_bytes);
	return object;
}

static json_t *explained_of(double explained)
{
	return explained >= 0 ? json_value__number(explained) : json_null();
}

static json_t *outlook_of(const struct report *report)
{
	const struct outlook *outlook = &report->outlook;
	json_t *object;

	if (!outlook->known)
		return json_null();
	object = json_object();
	json_value__set(object, "growth_bytes", json_integer(outlook->growth_bytes));
	json_value__set(object, "anon_bytes", json_integer(outlook->anon_bytes));
	json_value__set(object, "file_bytes", json_integer(outlook->file_bytes));
	json_value__set(object, "shmem_bytes", json_integer(outlook->shmem_bytes));
	json_value__set(object, "live_bytes", json_integer(outlook->live_bytes));
	set_count(object, "beyond_live_bytes", outlook->beyond_bytes);
	json_value__set(object, "pattern", json_string(outlook__pattern_name(outlook->pattern)));
	json_value__set(object, "grows", json_boolean(outlook->grows));
	json_value__set(object, "growth_bytes_per_hour", json_value__number(outlook->per_hour.slope));
	json_value__set(object, "growth_low_bytes_per_hour", json_value__number(outlook->per_hour.low));
	json_value__set(object, "growth_high_bytes_per_hour", json_value__number(outlook->per_hour.high));
	json_value__set(object, "before_bytes_per_hour",
			outlook->before_per_hour > 0 ? json_value__number(outlook->before_per_hour) : json_null());
	json_value__set(object, "explained_ratio", explained_of(outlook->explained));
	json_value__set(object, "limit_seconds",
			outlook->limit_seconds >= 0 ? json_value__number(outlook->limit_seconds) : json_null());
	return object;
}

static json_t *suppressed_of(const struct report *report)
{
	json_t *array = json_array();

	for (size_t i = 0; i < report->suppressed_count; i++) {
		const struct report_suppressed *each = &report->suppressed[i];
		json_t *object = json_object();

		json_value__set(object, "pattern", json_value__text(each->pattern));
		set_count(object, "stacks", each->stacks);
		set_count(object, "live_bytes", each->live_bytes);
		set_count(object, "live_objects", each->live_objects);
		json_array_append_new(array, object);
	}
	return array;
}

/* Of a profile it is a document of its own (render/run.h). */
static bool tells_reach(const struct report *report)
{
	return report->subject.reach.known && report->kind != REPORT_PROFILE;
}

static json_t *sites_of(const struct report *report)
{
	json_t *array = json_array(), *site;

	for (size_t i = 0; i < report->row_count; i++) {
		site = json_object();
		set_id(site, report->rows[i].id);
		set_counts(site, &report->rows[i].counts);
		if (report->kind == REPORT_LEAKS)
			json_value__set(site, "leak", leak_of(&report->rows[i].leak));
		if (report->course)
			set_site_course(site, report, &report->rows[i]);
		if (tells_reach(report))
			json_value__set(site, "reach", json_reach__site(&report->rows[i].counts));
		json_value__set(site, "frames", json_parts__frames(&report->rows[i], report->request.sources));
		json_array_append_new(array, site);
	}
	return array;
}

/* ---- mapped memory */

static void set_mapped(json_t *object, const struct report_counts *counts)
{
	set_count(object, "live_bytes", counts->live_bytes);
	set_count(object, "live_count", counts->live_objects);
	set_count(object, "alloc_bytes", counts->alloc_bytes);
	set_count(object, "alloc_count", counts->alloc_objects);
	set_count(object, "free_bytes", counts->free_bytes);
}

static json_t *mappings_of(const struct report_mapped *mapped, bool with_source)
{
	json_t *object = json_object(), *totals = json_object(), *sites = json_array(), *others = json_object();
	const struct report_counts sum = {
		.live_bytes = mapped->totals.live_bytes,
		.live_objects = mapped->totals.live_objects,
		.alloc_bytes = mapped->totals.alloc_bytes,
		.alloc_objects = mapped->totals.alloc_objects,
		.free_bytes = mapped->totals.free_bytes,
	};

	for (size_t i = 0; i < mapped->row_count; i++) {
		json_t *site = json_object();

		set_id(site, mapped->rows[i].id);
		set_mapped(site, &mapped->rows[i].counts);
		json_value__set(site, "frames", json_parts__frames(&mapped->rows[i], with_source));
		json_array_append_new(sites, site);
	}
	set_mapped(totals, &sum);
	json_value__set(object, "totals", totals);
	json_value__set(object, "sites", sites);
	set_mapped(others, &mapped->others);
	json_value__set(object, "others", others);
	return object;
}

/* ---- diffs */

static json_t *change_of(uint64_t before, uint64_t after)
{
	const struct change change = change__of(before, after);
	json_t *object = json_object();

	set_count(object, "before", before);
	set_count(object, "after", after);
	json_value__set(object, "change", json_integer(change.absolute));
	json_value__set(object, "relative",
			isfinite(change.relative) ? json_value__number(change.relative) : json_null());
	return object;
}

static void set_changes(json_t *object, const struct report_counts *before, const struct report_counts *after)
{
	json_value__set(object, "live_bytes", change_of(before->live_bytes, after->live_bytes));
	json_value__set(object, "live_objects", change_of(before->live_objects, after->live_objects));
	json_value__set(object, "alloc_bytes", change_of(before->alloc_bytes, after->alloc_bytes));
	json_value__set(object, "alloc_objects", change_of(before->alloc_objects, after->alloc_objects));
}

static json_t *totals_change_of(const struct profile_totals *before, const struct profile_totals *after)
{
	json_t *object = json_object();

	json_value__set(object, "live_bytes", change_of(before->live_bytes, after->live_bytes));
	json_value__set(object, "live_objects", change_of(before->live_objects, after->live_objects));
	json_value__set(object, "alloc_bytes", change_of(before->alloc_bytes, after->alloc_bytes));
	json_value__set(object, "alloc_objects", change_of(before->alloc_objects, after->alloc_objects));
	return object;
}

static json_t *changed_sites_of(const struct report *report)
{
	json_t *array = json_array(), *site;

	for (size_t i = 0; i < report->row_count; i++) {
		site = json_object();
		set_id(site, report->rows[i].id);
		set_changes(site, &report->rows[i].before, &report->rows[i].counts);
		json_value__set(site, "z", json_value__number(report->rows[i].drift.z));
		json_value__set(site, "significant", json_boolean(report->rows[i].drift.significant));
		json_value__set(site, "frames", json_parts__frames(&report->rows[i], report->request.sources));
		json_array_append_new(array, site);
	}
	return array;
}

static void set_diff(json_t *root, const struct report *report)
{
	json_t *before = json_object(), *after = json_object(), *others = json_object();

	set_subject(before, &report->before);
	set_subject(after, &report->subject);
	json_value__set(root, "before", before);
	json_value__set(root, "after", after);
	json_value__set(root, "change", totals_change_of(&report->before.totals, &report->subject.totals));
	json_value__set(root, "explained_ratio", explained_of(report->explained));
	json_value__set(root, "group_by", json_string(report__group_name(report->request.group)));
	json_value__set(root, "sites", changed_sites_of(report));
	set_changes(others, &report->others_before, &report->others);
	json_value__set(root, "others", others);
}

/* How it came to be like that, and where it goes. */
static void set_course(json_t *root, const struct report *report)
{
	json_value__set(root, "limit", limit_of(&report->subject.limit));
	json_value__set(root, "outlook", outlook_of(report));
	json_value__set(root, "looks", json_looks__of(&report->subject));
	json_value__set(root, "jumps", json_looks__jumps(report));
}

json_t *json_document__of(const struct report *report)
{
	static const char *const schemas[] = {"memtrawl.profile/1", "memtrawl.diff/1", "memtrawl.leaks/1",
					      "memtrawl.reach/1"};
	json_t *root = json_object(), *others;

	json_value__set(root, "schema", json_string(schemas[report->kind]));
	if (report->kind == REPORT_DIFF) {
		set_diff(root, report);
	} else {
		set_subject(root, &report->subject);
		json_value__set(root, "group_by", json_string(report__group_name(report->request.group)));
		if (report->course)
			set_course(root, report);
		if (tells_reach(report))
			json_value__set(root, "reach", json_reach__of(report));
		json_value__set(root, "sites", sites_of(report));
		if (report->kind == REPORT_LEAKS || report->request.suppressions)
			json_value__set(root, "suppressed", suppressed_of(report));
		others = json_object();
		set_counts(others, &report->others);
		json_value__set(root, "others", others);
		json_value__set(root, "mappings",
				report->mapped.known ? mappings_of(&report->mapped, report->request.sources)
						     : json_null());
	}
	return root;
}

void render__json(const struct report *report, struct buf *out)
{
	pieces__add_json(out, json_document__of(report));
}

void render__json_snapshot(const char *name, const char *path, const struct report *report, struct buf *out)
{
	json_t *root = json_object();

	json_value__set(root, "schema", json_string("memtrawl.snapshot/1"));
	json_value__set(root, "name", json_value__text(name));
	json_value__set(root, "path", json_value__text(path));
	json_value__set(root, "profile", json_document__of(report));
	pieces__add_json(out, root);
}
