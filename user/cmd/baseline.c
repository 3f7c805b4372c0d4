/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/observe.h"
#include "cmd/output.h"
#include "lib/array.h"
#include "lib/units.h"
#include "profile/baselines.h"

static const struct usage usage = {
	.verb = "baseline",
	.arguments = "set|show|reset|compare -p PID",
	.text = "`set` keeps what a process holds now as its baseline, or as that of its executable's build, which\n"
		"survives a restart. `compare` tells what has changed since: heap, blocks, RSS, and the sites that\n"
		"moved by more than chance. `show` and `reset` print and remove it.\n"
		"Without a session that `start` left, the process is watched for a while first, and only what it\n"
		"allocates then is known: `compare` watches as long as `set` did.\n",
	.min_arguments = 1,
	.max_arguments = 1,
};

enum { BY_PROCESS, BY_BUILD };

struct baseline_options {
	uint64_t for_ns; /* 0: not given */
	int by;
	const char *build_id;
	bool all;
	bool fail_on_drift;
};

static const char *const owners[] = {"process", "build", NULL};

static const struct option own_options[] = {
	{.name = "for",
	 .type = OPTION_DURATION,
	 .offset = offsetof(struct baseline_options, for_ns),
	 .argument = "TIME",
	 .help = "how long to watch without a session (10s, and as long as\nfor the baseline to compare with)"},
	{.name = "by",
	 .type = OPTION_CHOICE,
	 .offset = offsetof(struct baseline_options, by),
	 .help = "whose it is (process; if that has none, its build's)",
	 .choices = owners},
	{.name = "build-id",
	 .type = OPTION_STRING,
	 .offset = offsetof(struct baseline_options, build_id),
	 .argument = "ID",
	 .help = "show or reset the baseline of that build, without -p"},
	{.name = "all",
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct baseline_options, all),
	 .help = "compare: also sites that changed by no more than chance"},
	{.name = "fail-on-drift",
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct baseline_options, fail_on_drift),
	 .help = "compare: exit with status 1 if a site holds significantly\nmore than before"},
};

/* What the command line says. */
struct baseline_request {
	const struct baseline_options *own;
	const struct tracing_options *tracing;
	const char *directory;
	struct report_options *report;
	const struct output_options *output;
	pid_t pid; /* 0: --build-id */
};

#define FOR_DEFAULT (10 * 1000000000ULL)
#define FOR_MAX     (120 * 1000000000ULL) /* a longer one was a session's */

static int take_pid(const struct tracing_options *tracing, const char *build_id, pid_t *pid, struct error *err)
{
	pid_t *pids = NULL;
	size_t count = 0;
	int code;

	*pid = 0;
	if (build_id)
		return 0;
	code = tracing_options__pids(tracing, &pids, &count, err);
	if (!code && count != 1)
		code = error__usage(err, "a baseline is of one process, and these are %zu", count);
	if (!code)
		*pid = pids[0];
	free(pids);
	return code;
}

/* ---- whose */

static struct baseline_owner owner_of(const struct process *process, int by)
{
	if (by == BY_BUILD)
		return (struct baseline_owner){.build_id = process->build_id};
	return (struct baseline_owner){.pid = process->pid, .start_ticks = process->start_ticks};
}

/* Runs `act` for the owner that is asked for; if none is, for the process, and where that has none for its build. */
static int for_owner(const struct baseline_request *request,
		     int (*act)(const struct baseline_request *request, const struct baseline_owner *owner,
				struct error *err),
		     struct error *err)
{
	const int by = request->own->by;
	struct process *process = NULL;
	struct baseline_owner owner = {.build_id = request->own->build_id};
	int code = 0;

	if (request->pid)
		code = process__open(request->pid, &process, err);
	if (!code && process)
		owner = owner_of(process, by == OPTION_NOT_GIVEN ? BY_PROCESS : by);
	if (!code)
		code = act(request, &owner, err);
	if (code == -ENOENT && process && by == OPTION_NOT_GIVEN && process->build_id) {
		struct error other;

		owner = owner_of(process, BY_BUILD);
		code = act(request, &owner, &other);
		if (code != -ENOENT) /* else what was said of the process is */
			*err = other;
	}
	process__free(process);
	return code;
}

/* ---- set */

static int watch(const struct baseline_request *request, uint64_t for_ns, struct profile **profile, struct error *err)
{
	const struct read_options read = {.ages = true};
	struct session *session = NULL;
	int code;

	*profile = NULL;
	observe__catch_signals();
	code = observe__start(request->tracing, OBSERVE_BUDGET, &session, err);
	if (!code && !observe__is_pinned(session))
		code = observe__wait(session, for_ns, err);
	if (!code)
		code = observe__profile(session, session->tracked[0], &read, NULL, profile, err);
	observe__finish(session);
	return code;
}

static int set(const struct baseline_request *request, struct error *err)
{
	struct process *process = NULL;
	struct profile *profile = NULL;
	struct baseline_owner owner;
	char who[80], live[32];
	int code;

	if (!request->pid)
		return error__usage(err, "a baseline is set from a process: name it with -p");
	code = process__open(request->pid, &process, err);
	if (!code)
		code = watch(request, request->own->for_ns ? request->own->for_ns : FOR_DEFAULT, &profile, err);
	if (!code) {
		owner = owner_of(process, request->own->by);
		code = baselines__save(request->directory, &owner, profile, err);
	}
	if (!code)
		printf("baseline of %s set: %s live in %llu blocks at %zu sites\n",
		       baseline_owner__describe(&owner, who, sizeof(who)),
		       units__format_bytes(live, sizeof(live), (double)profile->totals.live_bytes),
		       (unsigned long long)profile->totals.live_objects, profile->site_count);
	profile__free(profile);
	process__free(process);
	return code;
}

/* ---- show, reset, compare */

static int show(const struct baseline_request *request, const struct baseline_owner *owner, struct error *err)
{
	struct profile *profile;
	int code = baselines__load(request->directory, owner, &profile, err);

	if (!code)
		code = output__profile(REPORT_PROFILE, profile, request->report, request->output, err);
	profile__free(profile);
	return code;
}

static int reset(const struct baseline_request *request, const struct baseline_owner *owner, struct error *err)
{
	int code = baselines__remove(request->directory, owner, err);
	char who[80];

	if (!code)
		printf("baseline of %s removed\n", baseline_owner__describe(owner, who, sizeof(who)));
	return code;
}

static uint64_t window_like(const struct profile *baseline)
{
	uint64_t ns = baseline->seconds > 0 ? (uint64_t)(baseline->seconds * 1e9) : 0;

	return ns && ns <= FOR_MAX ? ns : FOR_DEFAULT;
}

static int compare(const struct baseline_request *request, const struct baseline_owner *owner, struct error *err)
{
	struct profile *before, *after = NULL;
	int code = baselines__load(request->directory, owner, &before, err);

	if (code)
		return code;
	if (!request->pid)
		code = error__usage(err, "what is compared with a baseline is a process: name it with -p");
	if (!code)
		code = watch(request, request->own->for_ns ? request->own->for_ns : window_like(before), &after, err);
	if (!code && before->source != after->source)
		code = error__usage(err, "the baseline is of the %s: give --source %s",
				    profile__source_name(before->source), profile__source_name(before->source));
	request->report->significant = !request->own->all;
	if (!code)
		code = output__diff(before, after, request->report, request->output, err);
	profile__free(before);
	profile__free(after);
	return code;
}

static int run(const char *what, const struct baseline_request *request, struct error *err)
{
	if (!strcmp(what, "set"))
		return set(request, err);
	if (!strcmp(what, "show"))
		return for_owner(request, show, err);
	if (!strcmp(what, "reset"))
		return for_owner(request, reset, err);
	if (!strcmp(what, "compare"))
		return for_owner(request, compare, err);
	return error__usage(err, "'%s' is nothing to do with a baseline: set, show, reset or compare would be", what);
}

enum status cmd_baseline(int argc, char **argv)
{
	struct baseline_options own = {.by = OPTION_NOT_GIVEN};
	struct tracing_options tracing = TRACING_OPTIONS_DEFAULT;
	struct report_options report = REPORT_OPTIONS_DEFAULT;
	struct output_options output = OUTPUT_OPTIONS_DEFAULT;
	struct store_options store = STORE_OPTIONS_DEFAULT;
	const struct option_group groups[] = {
		TARGET_GROUP(&tracing),
		{own_options, ARRAY_SIZE(own_options), &own},
		report_options__group(&report),
		output_options__group(&output),
		store_options__read_group(&store),
		TRACING_GROUP(&tracing),
	};
	struct baseline_request request = {.own = &own, .tracing = &tracing, .report = &report, .output = &output};
	struct arguments arguments;
	struct error err = {0};
	bool drifted = false;
	int code;

	code = options__parse(&usage, groups, ARRAY_SIZE(groups), argc, argv, &arguments, &err);
	if (code)
		return options__status(code, &err);
	request.directory = store.directory;
	output.drifted = &drifted;
	code = take_pid(&tracing, own.build_id, &request.pid, &err);
	if (!code)
		code = run(arguments.items[0], &request, &err);
	if (code)
		return error__report(&err);
	return own.fail_on_drift && drifted ? STATUS_FINDING : STATUS_OK;
}
