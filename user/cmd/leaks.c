/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/cmd.h"
#include "cmd/observe.h"
#include "cmd/output.h"
#include "lib/array.h"

static const struct usage usage = {
	.verb = "leaks",
	.arguments = "-p PID [--for 30s]",
	.text = "Watches a process and prints the call sites whose memory was allocated in that time and not freed,\n"
		"the most suspicious first. The process is neither stopped nor changed. With a session that `start`\n"
		"left on the process, blocks from before the command are left out.\n",
};

struct leaks_options {
	uint64_t for_ns;
};

static const struct option own_options[] = {
	{.name = "for",
	 .type = OPTION_DURATION,
	 .offset = offsetof(struct leaks_options, for_ns),
	 .argument = "TIME",
	 .help = "how long to watch (30s)"},
};

enum status cmd_leaks(int argc, char **argv)
{
	struct leaks_options own = {.for_ns = 30 * 1000000000ULL};
	struct tracing_options tracing = TRACING_OPTIONS_DEFAULT;
	struct report_options report = REPORT_OPTIONS_DEFAULT;
	struct output_options output = OUTPUT_OPTIONS_DEFAULT;
	const struct option_group groups[] = {
		TARGET_GROUP(&tracing),	       {own_options, ARRAY_SIZE(own_options), &own}, report_options__group(&report),
		output_options__group(&output), TRACING_GROUP(&tracing),
	};
	struct session *session = NULL;
	struct arguments arguments;
	struct error err = {0};
	int code;

	code = options__parse(&usage, groups, ARRAY_SIZE(groups), argc, argv, &arguments, &err);
	if (code)
		return options__status(code, &err);
	observe__catch_signals();
	code = observe__start(&tracing, OBSERVE_BUDGET, &session, &err);
	if (!code)
		code = observe__wait(session, own.for_ns, &err);
	if (!code) {
		struct read_options read = {.ages = true, .older_ns = report.older_ns};

		session__end(session);
		/* a leak outlives half of the time it was watched for */
		if (!read.older_ns)
			read.older_ns = (session->end_ns - session->shared->since_ns) / 2;
		code = observe__output(session, REPORT_LEAKS, &read, &report, &output, &err);
	}
	observe__finish(session);
	return code ? error__report(&err) : STATUS_OK;
}
