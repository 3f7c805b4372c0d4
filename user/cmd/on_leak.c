/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/on_leak.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "watch/child.h"
#include "watch/loop.h"

static void on_end(void *cookie, const struct child_end *end)
{
	int length = (int)strcspn(end->errors, "\n");
	bool *over = cookie;

	*over = true;
	if (end->timed_out)
		warn("--on-leak: the command took more than %d s and was killed", ON_LEAK_SECONDS);
	else if (WIFSIGNALED(end->status))
		warn("--on-leak: the command was killed by signal %d", WTERMSIG(end->status));
	else if (end->status)
		warn("--on-leak: the command ended with status %d%s%.*s", WEXITSTATUS(end->status), length ? ": " : "",
		     length, end->errors);
}

int on_leak__run(const char *command, const char *finding, struct error *err)
{
	char *text = strdup(command), *argv[] = {(char[]){"/bin/sh"}, (char[]){"-c"}, text, NULL};
	bool over = false;
	const struct child_options options = {
		.program = argv[0],
		.argv = argv,
		.input = finding,
		.seconds = ON_LEAK_SECONDS,
		.on_end = on_end,
		.cookie = &over,
	};
	void (*on_pipe)(int) = signal(SIGPIPE, SIG_IGN); /* it need not read what it is given */
	struct loop *loop = NULL;
	struct child *child;
	int code;

	code = text ? loop__new(&loop, err) : error__set(err, -ENOMEM, "out of memory");
	if (!code)
		code = child__start(loop, &options, &child, err);
	while (!code && !over) {
		code = loop__wait(loop, -1);
		if (code == -EINTR) /* Ctrl-C has ended the watching; the command goes on to its end */
			code = 0;
	}
	signal(SIGPIPE, on_pipe);
	loop__free(loop);
	free(text);
	return code;
}
