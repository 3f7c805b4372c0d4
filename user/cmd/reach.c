/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "cmd/cmd.h"
#include "cmd/observe.h"
#include "cmd/output.h"
#include "cmd/reach_options.h"
#include "cmd/suppression_options.h"
#include "lib/array.h"

static const struct usage usage = {
	.verb = "reach",
	.arguments = "-p PID [--for 30s] [--stop]",
	.text = "Watches a process, then looks through its memory for pointers to the blocks that it allocated in that "
		"time,\nand tells those that nothing points to any more. All memory counts that a program can get at: "
		"registers,\nstacks, global and thread-local variables, mapped memory, and blocks from before. With a "
		"session that\n`start` left on the process, it looks at once, at all blocks that the session has "
		"seen.\n",
};

struct own_options {
	uint64_t for_ns;
};

#define FOR_DEFAULT (30 * 1000000000ULL)

static const struct option own_options[] = {
	{.name = "for",
	 .type = OPTION_DURATION,
	 .offset = offsetof(struct own_options, for_ns),
	 .argument = "TIME",
	 .help = "how long to watch before (30s)"},
};

static int report(struct session *session, const struct reached *reached, const struct report_options *report,
		  const struct output_options *output, struct error *err)
{
	const struct read_options read = {.ages = true, .limit = true, .reached = reached};
	struct profile *profile = NULL;
	int code;

	if (!observe__is_pinned(session) && !session->options.pages)
		session__end(session);
	code = observe__profile(session, session->tracked[0], &read, NULL, &profile, err);
	if (!code)
		code = output__profile(REPORT_REACH, profile, report, output, err);
	profile__free(profile);
	return code;
}

static int look(struct session *session, uint64_t for_ns, const struct reaching_options *reaching,
		const struct report_options *report_options, const struct output_options *output, struct error *err)
{
	struct reached reached = {0};
	int code = 0;

	if (!observe__is_pinned(session))
		code = observe__wait(session, for_ns, NULL, err);
	if (!code)
		code = reaching__look(session, session->tracked[0], reaching, &reached, err);
	if (!code)
		code = report(session, &reached, report_options, output, err);
	reached__free(&reached);
	return code;
}

enum status cmd_reach(int argc, char **argv)
{
	struct own_options own = {.for_ns = FOR_DEFAULT};
	struct reach_options reach = REACH_OPTIONS_DEFAULT;
	struct reaching_options reaching;
	struct suppression_options known = {0};
	struct tracing_options tracing = TRACING_OPTIONS_DEFAULT;
	struct report_options report_options = REPORT_OPTIONS_DEFAULT;
	struct output_options output = OUTPUT_OPTIONS_DEFAULT;
	const struct option_group groups[] = {
		TARGET_GROUP(&tracing),
		{own_options, ARRAY_SIZE(own_options), &own},
		reach_options__group(&reach),
		suppression_options__group(&known),
		report_options__group(&report_options),
		output_options__group(&output),
		TRACING_GROUP(&tracing),
	};
	struct suppressions *suppressions = NULL;
	struct session *session = NULL;
	struct arguments arguments;
	struct error err = {0};
	int code;

	code = options__parse(&usage, groups, ARRAY_SIZE(groups), argc, argv, &arguments, &err);
	if (code)
		return options__status(code, &err);
	observe__catch_signals();
	code = reach_options__reaching(&reach, &reaching, &err);
	if (!code)
		code = suppression_options__read(&known, &suppressions, &err);
	report_options.suppressions = suppressions;
	if (!code)
		code = observe__start(&tracing, OBSERVE_BUDGET, &session, &err);
	if (!code)
		code = reaching__check(session, &err);
	if (!code)
		code = output__check(&output, 1, &err);
	if (!code)
		code = look(session, own.for_ns, &reaching, &report_options, &output, &err);
	observe__finish(session);
	suppressions__free(suppressions);
	return code ? error__report(&err) : STATUS_OK;
}
