/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/observe.h"
#include "cmd/output.h"
#include "lib/array.h"
#include "render/status.h"
#include "trace/budget.h"
#include "trace/lock.h"
#include "trace/pin.h"
#include "trace/unwinding.h"
#include "unwind/mode.h"

static const struct usage usage = {
	.verb = "status",
	.arguments = "[-p PID]",
	.text = "Tells how the sessions that `start` began are doing: since when, how calls are caught, event rate "
		"and\n"
		"overhead as measured last, live bytes, peak, what was lost, and stored snapshots. Without -p: of "
		"all.\n",
};

static size_t count_snapshots(const char *directory, pid_t pid)
{
	struct store_list list = {0};
	size_t count = 0;

	if (store__list(directory, &list, NULL))
		return 0;
	for (size_t i = 0; i < list.count; i++)
		count += list.entries[i].pid == pid;
	store_list__free(&list);
	return count;
}

static void fill_session(const struct session *session, struct status_row *row)
{
	const struct mt_session *shared = session->shared;
	const struct mt_process *process = &session->processes[session->tracked[0]->slot];
	uint64_t end = process->until_ns ? process->until_ns : monotonic_ns();

	row->since_ns = unix_ns_of(shared->since_ns);
	row->seconds = (double)(end - shared->since_ns) / 1e9;
	row->rung = rung__name(session->rung);
	row->heap = session->options.heap;
	row->pages = session->options.pages;
	row->stacks = unwind_mode__words(session->options.unwind);
	row->frames = shared->frames;
	row->period_bytes = shared->period;
	row->largest_period_bytes = shared->largest_period;
	if (shared->pressed_period > row->largest_period_bytes)
		row->largest_period_bytes = shared->pressed_period;
	row->paused_seconds = (double)session__paused_ns(shared) / 1e9;
	row->overhead_percent = shared->overhead / 100.0;
	row->probe_cpu_percent = shared->probe_share / 100.0;
	row->max_overhead_percent = shared->max_overhead / 100.0;
	row->negligible = shared->max_overhead && shared->overhead > shared->max_overhead &&
			  row->probe_cpu_percent < BUDGET_NEGLIGIBLE_PERCENT;
	row->event_rate = shared->event_rate;
	row->tracked_blocks = shared->live_entries;
	row->tracked_capacity = shared->live_capacity;
}

static int fill(const struct session *session, pid_t pid, const char *store, struct status_row *row, struct error *err)
{
	const struct tracked *tracked = session->tracked[0];
	struct read_options read = {0};
	struct profile *profile;
	int code = session__profile(session, tracked, &read, &profile, err);

	if (code)
		return code;
	row->pid = pid;
	row->comm = strdup(tracked->process->comm);
	row->alive = !tracked->ended;
	row->tables_outdated = !tracked->ended && !unwinding__is_current(session, tracked);
	row->keeper = lock__is_held(pid) ? (pid_t)session->shared->keeper : 0;
	fill_session(session, row);
	row->live_bytes = profile->totals.live_bytes;
	row->live_blocks = profile->totals.live_objects;
	row->peak_bytes = profile->totals.peak_live_bytes;
	memcpy(row->loss, profile->loss, sizeof(row->loss));
	row->snapshots = count_snapshots(store, pid);
	profile__free(profile);
	return 0;
}

static int fill_one(pid_t pid, const char *store, struct status_row *row, struct error *err)
{
	struct session *session = NULL;
	int code = session__open_pinned(pid, &session, err);

	if (code == -ENOENT)
		return error__set(err, code, "PID %d has no session: `memtrawl start -p %d` begins one", pid, pid);
	if (!code)
		code = fill(session, pid, store, row, err);
	session__free(session);
	return code;
}

static int print(const struct status_row *rows, size_t count, const struct output_options *output, struct error *err)
{
	enum output_format format;
	struct buf buf = {0};
	int code = output_options__format(output, &format, err);

	if (code)
		return code;
	if (format != FORMAT_TEXT && format != FORMAT_JSON)
		return error__usage(err, "status can be written as text or json");
	if (format == FORMAT_JSON)
		render__status_json(rows, count, &buf);
	else
		render__status_text(rows, count, &buf);
	code = output__write(&buf, output, err);
	buf__free(&buf);
	return code;
}

static int show(const struct tracing_options *tracing, const char *store, const struct output_options *output,
		struct error *err)
{
	bool all = !tracing->pids && !tracing->comm && !tracing->cgroup;
	struct status_row *rows = NULL;
	pid_t *pids = NULL;
	size_t count = 0, filled = 0;
	int code;

	code = all ? pin__list(&pids, &count, err) : tracing_options__pids(tracing, &pids, &count, err);
	if (code)
		return code;
	rows = calloc(count ? count : 1, sizeof(*rows));
	if (!rows) {
		code = error__set(err, -ENOMEM, "out of memory");
		goto out;
	}
	for (size_t i = 0; !code && i < count; i++) {
		int failed = fill_one(pids[i], store, &rows[filled], err);

		if (!failed)
			filled++;
		else if (!all)
			code = failed;
		else if (failed != -ENOENT) /* which has just ended; of others that hides none */
			warn("%s", err->text);
	}
	if (!code)
		code = print(rows, filled, output, err);
	for (size_t i = 0; i < filled; i++)
		free((char *)rows[i].comm);
out:
	free(rows);
	free(pids);
	return code;
}

enum status cmd_status(int argc, char **argv)
{
	struct tracing_options tracing = TRACING_OPTIONS_DEFAULT;
	struct output_options output = OUTPUT_OPTIONS_DEFAULT;
	struct store_options store = STORE_OPTIONS_DEFAULT;
	const struct option_group groups[] = {
		TARGET_GROUP(&tracing),
		output_options__group(&output),
		store_options__read_group(&store),
	};
	struct arguments arguments;
	struct error err = {0};
	int code;

	code = options__parse(&usage, groups, ARRAY_SIZE(groups), argc, argv, &arguments, &err);
	if (code)
		return options__status(code, &err);
	code = observe__check_rights(&err);
	if (!code)
		code = show(&tracing, store.directory, &output, &err);
	return code ? error__report(&err) : STATUS_OK;
}
