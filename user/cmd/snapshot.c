/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "cmd/cmd.h"
#include "cmd/observe.h"
#include "cmd/report_options.h"
#include "lib/array.h"
#include "lib/units.h"

static const struct usage usage = {
	.verb = "snapshot",
	.arguments = "-p PID [NAME]",
	.text = "Saves what a session that `start` left on the process has seen so far as a snapshot in the store.\n"
		"Without such a session, watches the process for a while first, and saves what it saw then.\n"
		"A NAME that is there already is replaced only with --replace; without one, one is made.\n",
	.max_arguments = 1,
};

struct snapshot_options {
	uint64_t for_ns;
	bool replace;
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
};

static int save(const struct session *session, const struct tracked *tracked, const struct store_options *store,
		const struct store_save *how, struct error *err)
{
	struct read_options read = {.ages = true};
	struct profile *profile = NULL;
	char *name = NULL, live[32];
	int code;

	code = observe__profile(session, tracked, &read, &profile, err);
	if (!code)
		code = store__save(store->directory, profile, how, &name, err);
	if (!code)
		printf("%s: PID %d (%s), %s %s in %llu %s at %zu sites\n", name, tracked->process->pid,
		       tracked->process->comm,
		       units__format_bytes(live, sizeof(live), (double)profile->totals.live_bytes),
		       profile->source == SOURCE_PAGES ? "resident" : "live",
		       (unsigned long long)profile->totals.live_objects,
		       profile->source == SOURCE_PAGES ? "pages" : "blocks", profile->site_count);
	profile__free(profile);
	free(name);
	return code;
}

static int save_all(const struct session *session, const struct snapshot_options *own,
		    const struct store_options *store, const char *name, struct error *err)
{
	struct store_save how = {.name = name, .replace = own->replace, .keep = store->keep};
	int code = 0;

	/* a name is for one process: of a session that follows forks, the one that was asked for */
	if (name && session->count > 1 && !observe__is_pinned(session))
		return error__usage(err, "a name is for one process, and these are %zu: leave it out", session->count);
	for (size_t i = 0; !code && i < (name ? 1 : session->count); i++)
		code = save(session, session->tracked[i], store, &how, err);
	return code;
}

enum status cmd_snapshot(int argc, char **argv)
{
	struct snapshot_options own = {.for_ns = 10 * 1000000000ULL};
	struct tracing_options tracing = TRACING_OPTIONS_DEFAULT;
	struct store_options store = STORE_OPTIONS_DEFAULT;
	const struct option_group groups[] = {
		TARGET_GROUP(&tracing),
		{own_options, ARRAY_SIZE(own_options), &own},
		store_options__group(&store),
		TRACING_GROUP(&tracing),
	};
	struct session *session = NULL;
	struct arguments arguments;
	struct error err = {0};
	const char *name;
	int code;

	code = options__parse(&usage, groups, ARRAY_SIZE(groups), argc, argv, &arguments, &err);
	if (code)
		return options__status(code, &err);
	name = arguments.count ? arguments.items[0] : NULL;
	if (name)
		code = store__check_name(name, &err);
	observe__catch_signals();
	if (!code)
		code = observe__start(&tracing, OBSERVE_BUDGET, &session, &err);
	if (!code && !observe__is_pinned(session))
		code = observe__wait(session, own.for_ns, &err);
	if (!code)
		code = save_all(session, &own, &store, name, &err);
	observe__finish(session);
	return code ? error__report(&err) : STATUS_OK;
}
