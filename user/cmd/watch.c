/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <signal.h>

#include "cmd/cmd.h"
#include "cmd/keeper.h"
#include "cmd/observe.h"
#include "cmd/watch_options.h"
#include "lib/file.h"
#include "watch/notify.h"

/* What a reload needs. */
struct watching {
	int argc;
	char **argv;
	struct watch_options options, before; /* texts of before are in use until the daemon has the new ones */
	struct daemon *daemon;
};

/* Options that are wrong change nothing. */
static void reload(void *cookie)
{
	struct watching *watching = cookie;
	struct watch_options fresh;
	struct daemon_options options;
	struct error err = {0};
	int code = watch_options__parse(watching->argc, watching->argv, &fresh, &err);

	if (!code)
		code = watch_options__daemon(&fresh, &options, &err);
	if (code) {
		warn("options are as before: %s", err.text);
		watch_options__free(&fresh);
		return;
	}
	daemon__configure(watching->daemon, &options);
	/* who is watched stays as it was, with its texts: those of the first time are kept */
	if (watching->before.words)
		watch_options__free(&watching->options);
	else
		watching->before = watching->options;
	watching->options = fresh;
	warn("options were read again");
}

static void block_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int watch(struct watching *watching, struct error *err)
{
	struct daemon_options options;
	int code = watch_options__daemon(&watching->options, &options, err);

	if (!code)
		code = observe__check_rights(err);
	if (!code)
		code = file__make_directories(watching->options.store, 0700, err);
	block_signals();
	if (!code)
		code = daemon__new(&options, &watching->daemon, err);
	if (!code)
		code = daemon__run(watching->daemon, reload, watching, err);
	daemon__free(watching->daemon);
	return code;
}

enum status cmd_watch(int argc, char **argv)
{
	struct watching watching = {.argc = argc, .argv = argv};
	struct error err = {0};
	int code = watch_options__parse(argc, argv, &watching.options, &err);
	enum status status = STATUS_OK;

	if (code)
		status = options__status(code, &err);
	else if (watch(&watching, &err))
		status = error__report(&err);
	watch_options__free(&watching.options);
	watch_options__free(&watching.before);
	return status;
}
