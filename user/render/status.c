/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/status.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/units.h"
#include "profile/profile.h"
#include "render/pieces.h"

/* ---- text */

static void add_sampling(const struct status_row *row, struct buf *out)
{
	char text[32];

	if (!row->heap)
		buf__add_string(out, "every page fault looked at");
	else if (row->period_bytes)
		buf__add_format(out, "sampled every %s",
				units__format_bytes(text, sizeof(text), (double)row->period_bytes));
	else
		buf__add_string(out, "every allocation counted");
	if (row->largest_period_bytes > row->period_bytes)
		buf__add_format(out, " (at times every %s)",
				units__format_bytes(text, sizeof(text), (double)row->largest_period_bytes));
	if (row->paused_seconds > 0)
		buf__add_format(out, ", %s not watched for %s",
				row->heap && row->pages ? "allocations and page faults"
				: row->pages            ? "page faults"
							: "allocations",
				units__format_seconds(text, sizeof(text), row->paused_seconds));
}

static void add_keeper(const struct status_row *row, struct buf *out)
{
	if (row->keeper)
		buf__add_format(out, "keeper %d", row->keeper);
	else
		buf__add_string(
			out, "unattended: its keeper is gone; sampling and pauses hold the budget, new libraries are "
			     "not followed");
}

/* An idle target may be far over the budget and yet not worth acting on: then it is said why nothing is done. */
static void add_cost(const struct status_row *row, struct buf *out)
{
	buf__add_format(out, "%.1f %% overhead", row->overhead_percent);
	if (row->max_overhead_percent > 0)
		buf__add_format(out, " (budget %.4g %%)", row->max_overhead_percent);
	buf__add_format(out, ", %.1f %% of a CPU", row->probe_cpu_percent);
	if (row->negligible)
		buf__add_string(out, ": too little to act on");
	buf__add_format(out, ", %" PRIu64 " traps/s\n", row->event_rate);
}

static void add_live(const struct status_row *row, struct buf *out)
{
	char live[32], peak[32];

	units__format_bytes(live, sizeof(live), (double)row->live_bytes);
	if (!row->heap) {
		buf__add_format(out, "  live    %s in %" PRIu64 " pages\n", live, row->live_blocks);
		return;
	}
	buf__add_format(out, "  live    %s in %" PRIu64 " blocks, peak %s\n", live, row->live_blocks,
			units__format_bytes(peak, sizeof(peak), (double)row->peak_bytes));
	buf__add_format(out, "  table   %" PRIu64 " of %" PRIu64 " entries\n", row->tracked_blocks,
			row->tracked_capacity);
}

static void add_row(const struct status_row *row, struct buf *out)
{
	char a[40], b[32];

	pieces__add_escaped(out, row->comm ? row->comm : "?");
	buf__add_format(out, " [%d]%s\n", row->pid, row->alive ? "" : ": has ended");
	buf__add_format(out, "  since   %s (%s), ", units__format_time(a, sizeof(a), row->since_ns),
			units__format_seconds(b, sizeof(b), row->seconds));
	add_keeper(row, out);
	buf__add_format(out, "\n  by      %s uprobes, stacks by %s, %" PRIu64 " frames; ", row->rung, row->stacks,
			row->frames);
	add_sampling(row, out);
	if (row->tables_outdated)
		buf__add_string(out, "\n  stacks  unwind tables are older than the process's mappings: stacks through "
				     "new code end early");
	buf__add_string(out, "\n  cost    ");
	add_cost(row, out);
	add_live(row, out);
	for (int i = 0; i < MT_LOSS_MAX; i++)
		if (row->loss[i])
			buf__add_format(out, "  lost    %" PRIu64 " %s\n", row->loss[i],
					profile__loss_words((enum mt_loss)i));
	buf__add_format(out, "  stored  %zu snapshots\n", row->snapshots);
}

void render__status_text(const struct status_row *rows, size_t count, struct buf *out)
{
	if (!count)
		buf__add_string(out, "no sessions: `memtrawl start -p PID` begins one\n");
	for (size_t i = 0; i < count; i++)
		add_row(&rows[i], out);
}

/* ---- JSON */

static void set_count(json_t *object, const char *key, uint64_t count)
{
	json_object_set_new(object, key, json_integer((json_int_t)count));
}

static json_t *loss_of(const struct status_row *row)
{
	json_t *loss = json_object();

	for (int i = 0; i < MT_LOSS_MAX; i++)
		set_count(loss, profile__loss_name((enum mt_loss)i), row->loss[i]);
	return loss;
}

static json_t *session_of(const struct status_row *row)
{
	struct buf comm = {0};
	json_t *object = json_object();
	char time[40];

	pieces__add_escaped(&comm, row->comm ? row->comm : "?");
	set_count(object, "pid", (uint64_t)row->pid);
	json_object_set_new(object, "comm", json_string(comm.data ? comm.data : ""));
	json_object_set_new(object, "alive", json_boolean(row->alive));
	json_object_set_new(object, "attended", json_boolean(row->keeper != 0));
	json_object_set_new(object, "keeper_pid", row->keeper ? json_integer(row->keeper) : json_null());
	json_object_set_new(object, "since", json_string(units__format_time(time, sizeof(time), row->since_ns)));
	json_object_set_new(object, "seconds", json_real(row->seconds));
	json_object_set_new(object, "rung", json_string(row->rung));
	json_object_set_new(object, "source", json_string(!row->pages ? "heap" : row->heap ? "heap,pages" : "pages"));
	json_object_set_new(object, "unwind", json_string(row->stacks));
	json_object_set_new(object, "unwind_tables_current", json_boolean(!row->tables_outdated));
	set_count(object, "frames", row->frames);
	set_count(object, "period_bytes", row->period_bytes);
	set_count(object, "largest_period_bytes", row->largest_period_bytes);
	json_object_set_new(object, "paused_seconds", json_real(row->paused_seconds));
	json_object_set_new(object, "overhead_percent", json_real(row->overhead_percent));
	json_object_set_new(object, "probe_cpu_percent", json_real(row->probe_cpu_percent));
	json_object_set_new(object, "max_overhead_percent",
			    row->max_overhead_percent > 0 ? json_real(row->max_overhead_percent) : json_null());
	set_count(object, "events_per_second", row->event_rate);
	set_count(object, "live_bytes", row->live_bytes);
	set_count(object, "live_objects", row->live_blocks);
	set_count(object, "peak_live_bytes", row->peak_bytes);
	set_count(object, "tracked_blocks", row->tracked_blocks);
	set_count(object, "tracked_capacity", row->tracked_capacity);
	set_count(object, "snapshots", row->snapshots);
	json_object_set_new(object, "loss", loss_of(row));
	buf__free(&comm);
	return object;
}

void render__status_json(const struct status_row *rows, size_t count, struct buf *out)
{
	json_t *root = json_object(), *sessions = json_array();

	json_object_set_new(root, "schema", json_string("memtrawl.status/1"));
	for (size_t i = 0; i < count; i++)
		json_array_append_new(sessions, session_of(&rows[i]));
	json_object_set_new(root, "sessions", sessions);
	pieces__add_json(out, root);
}
