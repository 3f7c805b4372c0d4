/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watch/overview.h"

#include <stdlib.h>

#include "render/hotspots.h"
#include "trace/rss.h"
#include "trace/session.h"
#include "watch/state.h"

static struct hotspot hotspot_of(const struct daemon *daemon, const struct watched *watched)
{
	const struct policy *policy = &daemon->options.policy;
	const struct policy_sight *sight = &watched->sight;
	double samples = (double)watched->samples;
	struct hotspot row = {
		.pid = watched->pid,
		.comm = watched->comm,
		.cgroup = watched->cgroup,
		.seconds = (double)(sight->ns - watched->since_ns) / 1e9,
		.samples = watched->samples,
		.rss_bytes = sight->rss_bytes,
		.rss_average = watched->rss_bytes.sum / samples,
		.rss_min = watched->rss_bytes.min,
		.rss_max = watched->rss_bytes.max,
		.cpu_known = watched->samples > 1,
		.growth_known = sight->growth_known,
		.growth_per_hour = sight->growth_per_hour,
		.threshold_bytes = (uint64_t)policy__level(policy, sight, POLICY_RSS),
		.threshold_growth = policy->growth_per_hour,
		.limit_bytes = sight->limit_bytes,
		.used_bytes = sight->used_bytes,
		.crossings = watched->policy.crossings,
		.skipped = watched->policy.skipped,
		.captures = watched->captures,
		.failures = watched->failures,
		.last_path = watched->last_path,
	};

	if (row.cpu_known) {
		row.cpu_average = watched->cpu_percent.sum / (samples - 1);
		row.cpu_min = watched->cpu_percent.min;
		row.cpu_max = watched->cpu_percent.max;
	}
	for (int trigger = 0; trigger < POLICY_TRIGGERS; trigger++)
		row.above |= watched->policy.above[trigger];
	return row;
}

static int by_rss(const void *a, const void *b)
{
	const struct hotspot *x = a, *y = b;

	if (x->rss_bytes != y->rss_bytes)
		return x->rss_bytes < y->rss_bytes ? 1 : -1;
	return x->pid - y->pid;
}

void overview__render(const struct daemon *daemon, bool text, size_t width, struct buf *out)
{
	struct hooks_count hooks = hooks__count(daemon->hooks);
	struct mt_rss_loss loss = {0};
	struct hotspots_report report = {
		.since_ns = daemon->since_ns,
		.time_ns = unix_ns_of(daemon->looked_ns),
		.looks = daemon->looks,
		.captures = daemon->captures_done,
		.failures = daemon->captures_failed,
		.under_way = captures__count(daemon->captures),
		.hooks_started = hooks.started,
		.hooks_failed = hooks.failed,
		.hooks_timed_out = hooks.timed_out,
		.hooks_dropped = hooks.dropped,
		.victims = daemon->victims,
		.journal_lost = daemon->journal.lost,
		.rows = calloc(daemon->table.count + 1, sizeof(*report.rows)),
		.count = daemon->table.count,
	};

	rss__loss(feed__rss(daemon->feed), &loss);
	report.events_lost = loss.events_lost;
	report.peaks_lost = loss.images_full;
	report.rest_seconds = (double)rss__rest_ns(feed__rss(daemon->feed)) / 1e9;
	if (!report.rows) {
		out->failed = true;
		return;
	}
	for (size_t i = 0; i < report.count; i++)
		report.rows[i] = hotspot_of(daemon, &daemon->table.items[i]);
	qsort(report.rows, report.count, sizeof(*report.rows), by_rss);
	if (text)
		render__hotspots_text(&report, width, out);
	else
		render__hotspots_json(&report, out);
	free(report.rows);
}
