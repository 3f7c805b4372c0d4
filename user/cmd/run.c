/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "cmd/cmd.h"
#include "cmd/looking.h"
#include "cmd/observe.h"
#include "cmd/reach_options.h"
#include "cmd/run_report.h"
#include "cmd/suppression_options.h"
#include "lib/array.h"
#include "lib/clock.h"
#include "lib/units.h"
#include "target/launch.h"

static const struct usage usage = {
	.verb = "run",
	.arguments = "[--] COMMAND [ARGUMENT]...",
	.text = "Starts a command traced from its first instruction and follows it to its end; then reports the peak "
		"and\n"
		"which call sites held memory at it, what was live at exit, sizes, and temporary allocations.\n"
		"Passes the command's exit status on (128 + N for signal N); has 125, 126 and 127 for failures of its\n"
		"own, a command that cannot be run, and one that is not found. The report goes to standard error,\n"
		"JSON to standard output, either to FILE with -o. With --reach it is also told which blocks nothing\n"
		"pointed to any more when the command was about to exit.\n",
	.min_arguments = 1,
	.max_arguments = -1,
	.stop_at_argument = true,
};

/* Statuses of run's own, as env(1) and timeout(1) have them. */
enum { RUN_FAILED = 125, RUN_CANNOT_EXECUTE = 126, RUN_NOT_FOUND = 127, RUN_SIGNALLED = 128 };

struct run_options {
	const char *fail_on_leak;
	bool reach;
};

static const struct option own_options[] = {
	{.name = "fail-on-leak",
	 .type = OPTION_STRING,
	 .offset = offsetof(struct run_options, fail_on_leak),
	 .argument = "BYTES",
	 .optional = "1",
	 .help = "exit with status 1 if so many bytes or more are live at exit (1);\nwith --reach: are lost then"},
	{.name = "reach",
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct run_options, reach),
	 .help = "look for what points to the blocks that are live when the\ncommand exits, as `reach` does of a "
		 "process"},
};

struct run {
	struct run_options own;
	struct suppression_options known;
	struct suppressions *suppressions;
	struct reach_options reach;
	struct reaching_options reaching;
	struct reached reached;    /* with --reach: of the command, when it was about to exit, */
	struct error reach_failed; /* or why it could not be looked at */
	bool reach_known;
	struct tracing_options tracing;
	struct report_options report;
	struct output_options output;
	uint64_t leak_bytes; /* UINT64_MAX: not asked for */
	char **command;
	struct launch *launch;
	struct session_options session_options;
	struct session *session;
	struct looking *looking;
	int wait_status;
};

/* ---- start */

static void rescan(void *cookie)
{
	struct run *run = cookie;
	struct error err;

	/* the exec event first: it empties what was known of the process before */
	session__poll(run->session, 0, &err);
	if (session__rescan(run->session, run->session->tracked[0], &err))
		warn("%s", err.text);
}

static int prepare(struct run *run, struct error *err)
{
	struct process *process = NULL;
	int code;

	code = observe__check_rights(err);
	if (!code)
		code = tracing_options__session(&run->tracing, 0, &run->session_options, err);
	if (!code && !run->session_options.heap) {
		tracing_options__free_specs(&run->session_options);
		code = error__usage(err, "run tells what is left when the command ends, and no page is then: use "
					 "--source heap");
	}
	if (code)
		return code;
	run->session_options.count_details = true;
	run->session_options.hold = run->own.reach;
	code = session__new(&run->session_options, &run->session, err);
	if (code)
		return code;
	run->session->follow_exec = true;
	code = launch__prepare(run->command, run->own.reach, &run->launch, err);
	if (!code)
		code = process__open(launch__pid(run->launch), &process, err);
	if (!code)
		code = session__add(run->session, process, true, err);
	if (code)
		return code;
	if (run->own.reach)
		run->session->shared->hold = (uint32_t)launch__pid(run->launch);
	session__begin(run->session);
	return 0;
}

static int cannot_run(const struct run *run, int code, struct error *err)
{
	error__prefix(err, code, "cannot run %s", run->command[0]);
	error__report(err);
	return code == -ENOENT ? RUN_NOT_FOUND : RUN_CANNOT_EXECUTE;
}

/* ---- to the end */

static pid_t child_pid;

static void forward(int number)
{
	kill(child_pid, number);
}

/* Ctrl-C goes to the command, which the terminal sends it to anyway; what is sent to us alone is handed on. */
static void set_signals(pid_t pid)
{
	struct sigaction action = {.sa_handler = forward, .sa_flags = SA_RESTART};

	child_pid = pid;
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

/*
 * The command has stopped: before its exit, for us, or for reasons of its own. In the first case all that it had is
 * still there, and it goes on afterwards.
 */
static void look_at_exit(struct run *run)
{
	struct mt_session *shared = run->session->shared;

	if (!shared->held)
		return;
	if (run->looking)
		looking__pause(run->looking);
	shared->hold = shared->held = 0;
	run->reach_known = !reaching__look(run->session, run->session->tracked[0], &run->reaching, &run->reached,
					   &run->reach_failed);
	kill(launch__pid(run->launch), SIGCONT);
}

static void let_go(const struct run *run)
{
	run->session->shared->hold = 0;
	if (run->session->shared->held)
		kill(launch__pid(run->launch), SIGCONT);
}

static int follow(struct run *run, struct error *err)
{
	const int options = WNOHANG | (run->own.reach ? WUNTRACED : 0);
	int code = 0;

	run->looking = looking__new(run->session, 0);
	for (;;) {
		struct rusage used;
		pid_t done = wait4(launch__pid(run->launch), &run->wait_status, options, &used);

		if (done == launch__pid(run->launch) && WIFSTOPPED(run->wait_status)) {
			look_at_exit(run);
		} else if (done == launch__pid(run->launch)) {
			/* the kernel's own peak, in KiB; samples may have missed it */
			run->session->tracked[0]->rss.peak_bytes = (uint64_t)used.ru_maxrss << 10;
			break;
		}
		if (done < 0 && errno == ECHILD)
			break;
		code = session__poll(run->session, 50, err);
		if (code && code != -EINTR) {
			let_go(run);
			break;
		}
	}
	/* followed children may live on; what they did until now is in the maps */
	session__poll(run->session, 0, err);
	return code == -EINTR ? 0 : code;
}

/* ---- report */

static int report(const struct run *run, uint64_t *leaked, struct error *err)
{
	const struct run_report how = {
		.command = run->command,
		.wait_status = run->wait_status,
		.session = run->session,
		.looking = run->looking,
		.reached = run->reach_known ? &run->reached : NULL,
		.suppressions = run->suppressions,
		.report = &run->report,
		.output = &run->output,
	};

	return run_report__write(&how, leaked, err);
}

static int exit_status(const struct run *run, uint64_t leaked)
{
	int status = run->wait_status;

	if (WIFSIGNALED(status))
		return RUN_SIGNALLED + WTERMSIG(status);
	if (WEXITSTATUS(status))
		return WEXITSTATUS(status);
	return leaked >= run->leak_bytes ? STATUS_FINDING : STATUS_OK;
}

static int run_command(struct run *run, struct error *err)
{
	uint64_t leaked = 0;
	int code;

	set_signals(launch__pid(run->launch));
	code = launch__run(run->launch, rescan, run, &run->wait_status, err);
	if (code < 0)
		return cannot_run(run, code, err);
	code = code ? 0 : follow(run, err);
	session__end(run->session);
	if (run->looking)
		looking__end(run->looking);
	if (!code)
		code = report(run, &leaked, err);
	if (!code && run->own.reach && !run->reach_known) {
		*err = run->reach_failed;
		code = -ENOTSUP;
	}
	if (code)
		error__report(err);
	/* a report that could not be made is our own failure, unless the command's is worth more */
	if (code && WIFEXITED(run->wait_status) && !WEXITSTATUS(run->wait_status))
		return RUN_FAILED;
	return exit_status(run, leaked);
}

static int parse_own(struct run *run, struct error *err)
{
	run->leak_bytes = UINT64_MAX;
	if (run->own.fail_on_leak && (units__parse_size(run->own.fail_on_leak, &run->leak_bytes) || !run->leak_bytes))
		return error__usage(err, "--fail-on-leak=%s: use a size of 1 or more", run->own.fail_on_leak);
	if (run->own.reach && run->tracing.follow_forks)
		return error__usage(err, "--reach looks at the command itself: use it without --follow-forks");
	run->reach.stop = true;
	error__set(&run->reach_failed, -ENOTSUP,
		   "what points to the command's blocks could not be looked at, as it did not end by exit(3) of a C "
		   "library that memtrawl knows");
	return reach_options__reaching(&run->reach, &run->reaching, err);
}

enum status cmd_run(int argc, char **argv)
{
	struct run run = {
		.tracing = TRACING_OPTIONS_DEFAULT,
		.report = REPORT_OPTIONS_DEFAULT,
		.output = OUTPUT_OPTIONS_DEFAULT,
		.reach = REACH_OPTIONS_DEFAULT,
	};
	const struct option_group groups[] = {
		{own_options, ARRAY_SIZE(own_options), &run.own},
		reach_options__mask_group(&run.reach),
		suppression_options__group(&run.known),
		report_options__group(&run.report),
		output_options__group(&run.output),
		TRACING_GROUP(&run.tracing),
	};
	struct arguments arguments;
	struct error err = {0};
	int code, status = RUN_FAILED;

	code = options__parse(&usage, groups, ARRAY_SIZE(groups), argc, argv, &arguments, &err);
	if (code == OPTIONS_HELP)
		return STATUS_OK;
	if (!code)
		code = parse_own(&run, &err);
	if (!code)
		code = suppression_options__read(&run.known, &run.suppressions, &err);
	if (!code) {
		run.command = arguments.items;
		code = prepare(&run, &err);
	}
	if (code)
		error__report(&err);
	else
		status = run_command(&run, &err);
	suppressions__free(run.suppressions);
	launch__free(run.launch);
	looking__free(run.looking);
	reached__free(&run.reached);
	session__free(run.session);
	tracing_options__free_specs(&run.session_options);
	return (enum status)status;
}
