/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/ask_watch.h"
#include "cmd/cmd.h"
#include "cmd/looking.h"
#include "cmd/observe.h"
#include "cmd/output.h"
#include "cmd/report_options.h"
#include "lib/array.h"
#include "lib/units.h"
#include "trace/pin.h"
#include "watch/client.h"
#include "watch/server.h"

static const struct usage usage = {
	.verb = "snapshot",
	.arguments = "-p PID [NAME]",
	.text = "Saves what a session that `start` left on the process has seen so far as a snapshot in the store.\n"
		"Without such a session, watches the process for a while first, and saves what it saw then; a running\n"
		"`watch` is asked to do that, which saves it with its own.\n"
		"A NAME that is there already is replaced only with --replace; without one, one is made.\n",
	.max_arguments = 1,
};

struct snapshot_options {
	uint64_t for_ns;
	bool replace;
	bool attach;
	bool json;
	const char *trigger, *socket;
	uint64_t top_n;
};

static const struct option own_options[] = {
	{.name = "for",
	 .type = OPTION_DURATION,
	 .offset = offsetof(struct snapshot_options, for_ns),
	 .argument = "TIME",
	 .help = "how long to watch without a session (10s)"},
	{.name = "replace",
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct snapshot_options, replace),
	 .help = "a snapshot of that name may be replaced"},
	{.name = "attach",
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct snapshot_options, attach),
	 .help = "attach, even if a running `watch` could be asked for the\nsnapshot"},
	{.name = "socket",
	 .type = OPTION_STRING,
	 .offset = offsetof(struct snapshot_options, socket),
	 .argument = "PATH",
	 .help = "where that one listens (" SERVER_SOCKET ")"},
	{.name = "trigger",
	 .type = OPTION_STRING,
	 .offset = offsetof(struct snapshot_options, trigger),
	 .argument = "KIND,LEVEL,VALUE,NANOSECONDS",
	 .help = "what the snapshot is for, kept in it: `watch` says so"},
	{.name = "json",
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct snapshot_options, json),
	 .help = "say what was saved, and its largest sites, in JSON"},
	{.name = "top-n",
	 .letter = 'n',
	 .type = OPTION_COUNT,
	 .offset = offsetof(struct snapshot_options, top_n),
	 .argument = "N",
	 .help = "with --json, how many of them (20); 0: all",
	 .max = 1000000000},
};

/* Where to, how, and what is said of it. */
struct saving {
	const char *store;
	struct store_save how;
	struct profile_trigger trigger;
	const struct looking *looking; /* NULL: there was none */
	bool json;
	uint64_t top_n;
};

static void tell(const char *name, const struct profile *profile)
{
	char live[32];

	printf("%s: PID %d (%s), %s %s in %llu %s at %zu sites\n", name, profile->process.pid,
	       profile->process.comm ? profile->process.comm : "?",
	       units__format_bytes(live, sizeof(live), (double)profile->totals.live_bytes),
	       profile->source == SOURCE_PAGES ? "resident" : "live", (unsigned long long)profile->totals.live_objects,
	       profile->source == SOURCE_PAGES ? "pages" : "blocks", profile->site_count);
}

static int tell_json(const char *name, const char *store, uint64_t top_n, const struct profile *profile,
		     const struct output_options *output, struct error *err)
{
	const struct report_request request = {.group = GROUP_STACK, .sort = SORT_LIVE, .top_n = top_n};
	struct report *report = NULL;
	struct buf buf = {0};
	char *path = NULL;
	int code = store__find(store, name, &path, err);

	if (!code)
		code = report__new(REPORT_PROFILE, profile, &request, &report, err);
	if (!code) {
		render__json_snapshot(name, path, report, &buf);
		code = output__write(&buf, output, err);
	}
	buf__free(&buf);
	report__free(report);
	free(path);
	return code;
}

static int save(const struct session *session, const struct tracked *tracked, const struct saving *saving,
		const struct output_options *output, struct error *err)
{
	struct read_options read = {.ages = true, .limit = true};
	struct profile *profile = NULL;
	char *name = NULL;
	int code;

	code = observe__profile(session, tracked, &read, saving->looking, &profile, err);
	if (!code && profile_trigger__copy(&profile->trigger, &saving->trigger))
		code = error__set(err, -ENOMEM, "out of memory");
	if (!code)
		code = store__save(saving->store, profile, &saving->how, &name, err);
	if (!code && saving->json)
		code = tell_json(name, saving->store, saving->top_n, profile, output, err);
	else if (!code)
		tell(name, profile);
	profile__free(profile);
	free(name);
	return code;
}

static int save_all(const struct session *session, const struct saving *saving, struct error *err)
{
	struct output_options output = OUTPUT_OPTIONS_DEFAULT;
	const char *name = saving->how.name;
	size_t count = name ? 1 : session->count;
	struct document_set set;
	int code = 0, ended;

	/* a name is for one process: of a session that follows forks, the one that was asked for */
	if (name && session->count > 1 && !observe__is_pinned(session))
		return error__usage(err, "a name is for one process, and these are %zu: leave it out", session->count);
	output.json = true;
	output__begin_set(&set, count, &output);
	for (size_t i = 0; !code && i < count; i++)
		code = save(session, session->tracked[i], saving, &output, err);
	ended = output__end_set(&set, &output, err);
	return code ? code : ended;
}

static int parse(const struct snapshot_options *own, const struct store_options *store, const char *name,
		 struct saving *saving, struct error *err)
{
	int code = name ? store__check_name(name, err) : 0;

	saving->store = store->directory;
	saving->how = (struct store_save){.name = name, .replace = own->replace, .keep = store->keep};
	saving->json = own->json;
	saving->top_n = own->top_n;
	if (!code && own->trigger)
		code = profile_trigger__parse(own->trigger, &saving->trigger, err);
	return code;
}

/* A running watch is asked if nothing was said that it does not know of: it may have its probes on the process already.
 */
static int ask(const struct snapshot_options *own, const struct tracing_options *tracing, const struct saving *saving,
	       bool *asked, struct error *err)
{
	const struct tracing_options listed = {.pids = tracing->pids};
	struct watch_question question = {.socket = own->socket,
					  .name = saving->how.name,
					  .replace = own->replace,
					  .json = own->json,
					  .for_ns = own->for_ns};
	pid_t *pids = NULL;
	size_t count = 0;
	int code = 0;

	*asked = false;
	if (own->attach || own->trigger || !tracing->pids || tracing->comm || tracing->cgroup ||
	    !tracing_options__are_default(tracing) || !client__is_there(own->socket))
		return 0;
	code = tracing_options__pids(&listed, &pids, &count, err);
	if (!code && count == 1 && !pin__find(pids[0])) {
		*asked = true;
		question.pid = pids[0];
		code = ask_watch__snapshot(&question, err);
	}
	free(pids);
	return code;
}

/* Without a session that `start` left there is nothing to be seen yet. */
static int watch(struct session *session, uint64_t for_ns, struct looking **looking, struct error *err)
{
	int code = observe__look(session, for_ns, looking, err);

	if (!code)
		observe__end(session, *looking);
	return code;
}

enum status cmd_snapshot(int argc, char **argv)
{
	struct snapshot_options own = {.for_ns = 10 * 1000000000ULL, .top_n = TOP_N_DEFAULT, .socket = SERVER_SOCKET};
	struct tracing_options tracing = TRACING_OPTIONS_DEFAULT;
	struct store_options store = STORE_OPTIONS_DEFAULT;
	const struct option_group groups[] = {
		TARGET_GROUP(&tracing),
		{own_options, ARRAY_SIZE(own_options), &own},
		store_options__group(&store),
		TRACING_GROUP(&tracing),
	};
	struct saving saving = {.json = false};
	struct looking *looking = NULL;
	struct session *session = NULL;
	struct arguments arguments;
	struct error err = {0};
	bool asked;
	int code;

	code = options__parse(&usage, groups, ARRAY_SIZE(groups), argc, argv, &arguments, &err);
	if (code)
		return options__status(code, &err);
	code = parse(&own, &store, arguments.count ? arguments.items[0] : NULL, &saving, &err);
	observe__catch_signals();
	if (!code)
		code = ask(&own, &tracing, &saving, &asked, &err);
	if (code || asked) {
		profile_trigger__free(&saving.trigger);
		return code ? error__report(&err) : STATUS_OK;
	}
	if (!code)
		code = observe__start(&tracing, OBSERVE_BUDGET, &session, &err);
	if (!code && !observe__is_pinned(session))
		code = watch(session, own.for_ns, &looking, &err);
	saving.looking = looking;
	if (!code)
		code = save_all(session, &saving, &err);
	looking__free(looking);
	observe__finish(session);
	profile_trigger__free(&saving.trigger);
	return code ? error__report(&err) : STATUS_OK;
}
