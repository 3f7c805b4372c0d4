/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/cmd.h"
#include "cmd/looking.h"
#include "cmd/observe.h"
#include "cmd/output.h"
#include "cmd/reach_options.h"
#include "cmd/source.h"
#include "cmd/suppression_options.h"
#include "lib/array.h"
#include "profile/since.h"

static const struct usage usage = {
	.verb = "leaks",
	.arguments = "-p PID [--for 30s] | NAME | FILE",
	.text = "Watches a process and prints the call sites whose memory was allocated in that time and not freed,\n"
		"the most suspicious first. The process is neither stopped nor changed. With a session that `start`\n"
		"left on the process, blocks from before the command are left out, or, with --session, all that it\n"
		"has seen is judged at once. A snapshot of the store, or a file, is judged by what is in it.\n",
	.max_arguments = 1,
};

struct leaks_options {
	uint64_t for_ns;
	const char *on_leak;
	int fail_on; /* enum leak_severity - LEAK_LOW; not given: never */
	bool reach, session;
};

/* What the command line says, beside what to watch. */
struct leaks_request {
	uint64_t for_ns;
	bool session;                            /* what a session has seen already */
	const struct reaching_options *reaching; /* NULL: it is not asked for */
	const struct report_options *report;
	const struct output_options *output;
};

static const char *const severities[] = {"low", "medium", "high", "critical", NULL};

static const struct option own_options[] = {
	{.name = "for",
	 .type = OPTION_DURATION,
	 .offset = offsetof(struct leaks_options, for_ns),
	 .argument = "TIME",
	 .help = "how long to watch (30s)"},
	{.name = "session",
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct leaks_options, session),
	 .help = "do not watch: judge what a session that `start` left has\nseen since it began"},
	{.name = "on-leak",
	 .type = OPTION_STRING,
	 .offset = offsetof(struct leaks_options, on_leak),
	 .argument = "COMMAND",
	 .help = "run it for each process with a leak, with what is told of\nit in JSON as its standard input"},
	{.name = "fail-on",
	 .type = OPTION_CHOICE,
	 .offset = offsetof(struct leaks_options, fail_on),
	 .help = "exit with status 1 if there is a leak so severe, or\nmore so",
	 .choices = severities},
	{.name = "reach",
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct leaks_options, reach),
	 .help = "then look for what points to the blocks, as `reach`\ndoes: what nothing points to is proven to leak"},
};

/* A leak outlives half of the time it was watched for. */
static struct read_options reading(const struct report_options *report, uint64_t window_ns)
{
	return (struct read_options){
		.ages = true,
		.limit = true,
		.older_ns = report->older_ns ? report->older_ns : window_ns / 2,
	};
}

/* While the session goes on, so that it is known what is freed meanwhile. */
static int look_for_pointers(struct session *session, const struct leaks_request *request, struct reached *reached,
			     struct error *err)
{
	if (!request->reaching)
		return 0;
	return reaching__look(session, session->tracked[0], request->reaching, reached, err);
}

static int watch(struct session *session, const struct leaks_request *request, struct reached *reached,
		 struct error *err)
{
	struct looking *looking;
	struct read_options read;
	int code = observe__look(session, request->for_ns, &looking, err);

	if (!code)
		code = look_for_pointers(session, request, reached, err);
	if (!code) {
		observe__end(session, looking);
		read = reading(request->report,
			       (session->end_ns ? session->end_ns : monotonic_ns()) - session->shared->since_ns);
		read.reached = request->reaching ? reached : NULL;
		code = observe__output(session, REPORT_LEAKS, &read, looking, request->report, request->output, err);
	}
	looking__free(looking);
	return code;
}

/* Of a session that goes on: what it saw between two readings, and of its live blocks those that came in between. */
static int watch_pinned(struct session *session, const struct leaks_request *request, struct reached *reached,
			struct error *err)
{
	struct read_options read = {0};
	struct profile *before = NULL, *after = NULL;
	struct looking *looking = NULL;
	uint64_t start = monotonic_ns();
	int code;

	code = session__profile(session, session->tracked[0], &read, &before, err);
	if (!code)
		code = observe__look(session, request->for_ns, &looking, err);
	if (!code)
		code = look_for_pointers(session, request, reached, err);
	if (!code) {
		looking__end(looking);
		read = reading(request->report, monotonic_ns() - start);
		read.since_ns = start;
		read.reached = request->reaching ? reached : NULL;
		code = observe__profile(session, session->tracked[0], &read, looking, &after, err);
	}
	if (!code)
		code = profile__since(after, before);
	if (!code)
		code = output__profile(REPORT_LEAKS, after, request->report, request->output, err);
	looking__free(looking);
	profile__free(before);
	profile__free(after);
	return code;
}

/* Of a session that goes on: all that it has seen, with the looks of its keeper. */
static int judge_session(struct session *session, const struct leaks_request *request, struct reached *reached,
			 struct error *err)
{
	struct profile *profile = NULL;
	struct read_options read;
	int code = look_for_pointers(session, request, reached, err);

	read = reading(request->report, monotonic_ns() - session->shared->since_ns);
	read.reached = request->reaching ? reached : NULL;
	if (!code)
		code = observe__profile(session, session->tracked[0], &read, NULL, &profile, err);
	if (!code)
		code = output__profile(REPORT_LEAKS, profile, request->report, request->output, err);
	profile__free(profile);
	return code;
}

static int judge_saved(const char *name, const char *store, const struct leaks_request *request, struct error *err)
{
	struct profile *profile = NULL;
	int code = source__load(name, store, &profile, err);

	if (!code)
		code = output__profile(REPORT_LEAKS, profile, request->report, request->output, err);
	profile__free(profile);
	return code;
}

static int watch_any(struct session *session, const struct leaks_request *request, struct error *err)
{
	struct reached reached = {0};
	int code;

	if (request->session && !observe__is_pinned(session))
		return error__usage(err,
				    "--session judges what a session has seen, and there is none on PID %d: "
				    "see `memtrawl start --help`",
				    session->tracked[0]->process->pid);
	code = output__check(request->output, session->count, err);
	if (!code && request->reaching)
		code = reaching__check(session, err);
	if (!code && !observe__is_pinned(session))
		code = watch(session, request, &reached, err);
	else if (!code)
		code = request->session ? judge_session(session, request, &reached, err)
					: watch_pinned(session, request, &reached, err);
	reached__free(&reached);
	return code;
}

static int watch_process(const struct tracing_options *tracing, const struct leaks_request *request, struct error *err)
{
	struct session *session = NULL;
	int code = observe__start(tracing, OBSERVE_BUDGET, &session, err);

	if (!code)
		code = watch_any(session, request, err);
	observe__finish(session);
	return code;
}

static int check_saved(const struct leaks_options *own, const struct tracing_options *tracing, const char *name,
		       struct error *err)
{
	if (tracing->pids || tracing->comm || tracing->cgroup || own->session || own->reach)
		return error__usage(err,
				    "'%s' is judged by what is in it: without -p, --comm, --cgroup, --session, "
				    "--reach",
				    name);
	return 0;
}

enum status cmd_leaks(int argc, char **argv)
{
	struct leaks_options own = {.for_ns = 30 * 1000000000ULL, .fail_on = OPTION_NOT_GIVEN};
	struct suppression_options known = {0};
	struct reach_options reach = REACH_OPTIONS_DEFAULT;
	struct reaching_options reaching;
	struct tracing_options tracing = TRACING_OPTIONS_DEFAULT;
	struct report_options report = REPORT_OPTIONS_DEFAULT;
	struct output_options output = OUTPUT_OPTIONS_DEFAULT;
	struct store_options store = STORE_OPTIONS_DEFAULT;
	const struct option_group groups[] = {
		TARGET_GROUP(&tracing),         {own_options, ARRAY_SIZE(own_options), &own},
		reach_options__group(&reach),   suppression_options__group(&known),
		report_options__group(&report), output_options__group(&output),
		TRACING_GROUP(&tracing),        store_options__read_group(&store),
	};
	struct leaks_request request = {.report = &report, .output = &output};
	struct suppressions *suppressions = NULL;
	enum leak_severity worst = LEAK_NONE;
	struct arguments arguments;
	const char *saved;
	struct error err = {0};
	int code;

	code = options__parse(&usage, groups, ARRAY_SIZE(groups), argc, argv, &arguments, &err);
	if (code)
		return options__status(code, &err);
	saved = arguments.count ? arguments.items[0] : NULL;
	observe__catch_signals();
	code = reach_options__reaching(&reach, &reaching, &err);
	if (!code)
		code = suppression_options__read(&known, &suppressions, &err);
	report.suppressions = suppressions;
	output.worst = &worst;
	output.on_leak = own.on_leak;
	request.for_ns = own.for_ns;
	request.session = own.session;
	request.reaching = own.reach ? &reaching : NULL;
	if (!code && saved)
		code = check_saved(&own, &tracing, saved, &err);
	if (!code && saved)
		code = judge_saved(saved, store.directory, &request, &err);
	else if (!code)
		code = watch_process(&tracing, &request, &err);
	suppressions__free(suppressions);
	if (code)
		return error__report(&err);
	return own.fail_on != OPTION_NOT_GIVEN && (int)worst >= (int)LEAK_LOW + own.fail_on ? STATUS_FINDING
											    : STATUS_OK;
}
