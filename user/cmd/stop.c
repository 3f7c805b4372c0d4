/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/observe.h"
#include "lib/array.h"
#include "trace/lock.h"
#include "trace/pin.h"

static const struct usage usage = {
	.verb = "stop",
	.arguments = "-p PID",
	.text = "Ends a session that `start` began: probes, pins and the keeper go. What is to be kept of it is to be\n"
		"saved with `snapshot` before.\n",
};

/* 0 if it cannot be told, as of a session of another build. */
static pid_t keeper_of(pid_t pid)
{
	struct session *session = NULL;
	pid_t keeper;

	if (session__open_pinned(pid, &session, NULL))
		return 0;
	keeper = (pid_t)session->shared->keeper;
	session__free(session);
	return keeper;
}

/*
 * The keeper removes the pins; one that does not within five seconds is done without. One that cannot be told ends when
 * it finds its pins gone.
 */
static int stop(pid_t pid, struct error *err)
{
	pid_t keeper;
	int code = 0;

	if (!pin__exists(pid))
		return error__set(err, -ENOENT, "PID %d has no session: `memtrawl status` lists those there are", pid);
	keeper = keeper_of(pid);
	if (keeper <= 1)
		code = pin__remove(pid, err);
	else if (lock__is_held(pid))
		kill(keeper, SIGTERM);
	for (int i = 0; !code && i < 250 && lock__is_held(pid); i++)
		usleep(20000);
	return code ? code : pin__remove(pid, err);
}

enum status cmd_stop(int argc, char **argv)
{
	struct tracing_options tracing = TRACING_OPTIONS_DEFAULT;
	const struct option_group groups[] = {TARGET_GROUP(&tracing)};
	struct arguments arguments;
	struct error err = {0};
	pid_t *pids = NULL;
	size_t count = 0;
	int code;

	code = options__parse(&usage, groups, ARRAY_SIZE(groups), argc, argv, &arguments, &err);
	if (code)
		return options__status(code, &err);
	code = tracing_options__pids(&tracing, &pids, &count, &err);
	if (!code)
		code = observe__check_rights(&err);
	for (size_t i = 0; !code && i < count; i++) {
		code = stop(pids[i], &err);
		if (!code)
			printf("stopped tracing PID %d\n", pids[i]);
	}
	free(pids);
	return code ? error__report(&err) : STATUS_OK;
}
