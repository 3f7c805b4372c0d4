/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
	const char *who;
};

#define FOR_DEFAULT (30 * 1000000000ULL)

static const struct option own_options[] = {
	{.name = "for",
	 .type = OPTION_DURATION,
	 .offset = offsetof(struct own_options, for_ns),
	 .argument = "TIME",
	 .help = "how long to watch before (30s)"},
	{.name = "who",
	 .type = OPTION_STRING,
	 .offset = offsetof(struct own_options, who),
	 .argument = "ADDRESS|SITE",
	 .help = "tell who points to the block at an address (0x...), or\nto those of a site, by its id as JSON and "
		 "CSV have it"},
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

/* What is asked for, with what it takes to answer. */
struct reach_request {
	uint64_t for_ns;
	const struct holders_question *question; /* NULL: what is lost */
	const struct reaching_options *reaching;
	const struct report_options *report;
	const struct output_options *output;
};

static int tell_lost(struct session *session, const struct reach_request *request, struct error *err)
{
	struct reached reached = {0};
	int code = reaching__look(session, session->tracked[0], request->reaching, &reached, err);

	if (!code)
		code = report(session, &reached, request->report, request->output, err);
	reached__free(&reached);
	return code;
}

static int write_who(const struct who *who, const struct profile *profile, const struct output_options *output,
		     struct error *err)
{
	const struct report_request all = {.group = GROUP_STACK};
	struct report *sites = NULL;
	enum output_format format;
	struct buf buf = {0};
	int code = output_options__table_format(output, "who points to blocks", &format, err);

	if (!code && format == FORMAT_CSV)
		code = error__usage(err, "who points to blocks is told as text or JSON");
	if (!code)
		code = report__new(REPORT_PROFILE, profile, &all, &sites, err);
	if (!code && format == FORMAT_JSON)
		render__who_json(who, sites, &buf);
	else if (!code)
		render__who_text(who, sites, output__width(output), &buf);
	if (!code)
		code = output__write(&buf, output, err);
	buf__free(&buf);
	report__free(sites);
	return code;
}

static int tell_who(struct session *session, const struct reach_request *request, struct error *err)
{
	const struct read_options read = {0};
	struct holders *holders = NULL;
	struct profile *profile = NULL;
	const struct who *who = NULL;
	int code = reaching__who(session, session->tracked[0], request->reaching, request->question, &holders, err);

	if (!code)
		who = holders__answer(holders);
	if (who && !who->blocks.objects)
		code = error__set(
			err, -ENOENT,
			request->question->address
				? "no block that was seen allocated is at that address of PID %d"
				: "no block of that site lives in PID %d: `memtrawl reach --json` has their ids",
			session->tracked[0]->process->pid);
	if (!code)
		code = observe__profile(session, session->tracked[0], &read, NULL, &profile, err);
	if (!code)
		code = write_who(who, profile, request->output, err);
	profile__free(profile);
	holders__free(holders);
	return code;
}

static int look(struct session *session, const struct reach_request *request, struct error *err)
{
	int code = 0;

	if (!observe__is_pinned(session))
		code = observe__wait(session, request->for_ns, err);
	if (code)
		return code;
	return request->question ? tell_who(session, request, err) : tell_lost(session, request, err);
}

/* "0x7f1200" is an address, 16 digits are a site. */
static int parse_question(const char *text, struct holders_question *question, struct error *err)
{
	char *end;
	uint64_t number = strtoull(text, &end, 16);

	*question = (struct holders_question){0};
	if (!*end && number && !strncmp(text, "0x", 2))
		question->address = number;
	else if (!*end && strspn(text, "0123456789abcdef") == 16)
		question->site = number;
	else
		return error__usage(err, "--who %s: want an address, as 0x7f12003c40, or the 16 digits of a site's id",
				    text);
	return 0;
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
	struct reach_request request = {.reaching = &reaching, .report = &report_options, .output = &output};
	struct suppressions *suppressions = NULL;
	struct holders_question question;
	struct session *session = NULL;
	struct arguments arguments;
	struct error err = {0};
	int code;

	code = options__parse(&usage, groups, ARRAY_SIZE(groups), argc, argv, &arguments, &err);
	if (code)
		return options__status(code, &err);
	observe__catch_signals();
	code = reach_options__reaching(&reach, &reaching, &err);
	if (!code && own.who)
		code = parse_question(own.who, &question, &err);
	if (!code)
		code = suppression_options__read(&known, &suppressions, &err);
	report_options.suppressions = suppressions;
	request.for_ns = own.for_ns;
	request.question = own.who ? &question : NULL;
	if (!code)
		code = observe__start(&tracing, OBSERVE_BUDGET, &session, &err);
	if (!code)
		code = reaching__check(session, &err);
	if (!code)
		code = output__check(&output, 1, &err);
	if (!code)
		code = look(session, &request, &err);
	observe__finish(session);
	suppressions__free(suppressions);
	return code ? error__report(&err) : STATUS_OK;
}
