/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watch/hooks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/json_value.h"
#include "watch/child.h"

struct hook {
	struct hooks *hooks;
	struct child *child;
	char *command, *path, *summary;
	unsigned int seconds;
};

struct hooks {
	struct loop *loop;
	struct journal *journal;
	struct hooks_count count;
	struct hook *running[HOOKS_MAX];
};

int hooks__new(struct loop *loop, struct journal *journal, struct hooks **result, struct error *err)
{
	struct hooks *hooks = calloc(1, sizeof(*hooks));

	if (!hooks)
		return error__set(err, -ENOMEM, "out of memory");
	hooks->loop = loop;
	hooks->journal = journal;
	*result = hooks;
	return 0;
}

static void free_hook(struct hook *hook)
{
	free(hook->command);
	free(hook->path);
	free(hook->summary);
	free(hook);
}

void hooks__free(struct hooks *hooks)
{
	if (!hooks)
		return;
	for (size_t i = 0; i < HOOKS_MAX; i++) {
		if (!hooks->running[i])
			continue;
		child__kill(hooks->running[i]->child);
		free_hook(hooks->running[i]);
	}
	free(hooks);
}

struct hooks_count hooks__count(const struct hooks *hooks)
{
	return hooks->count;
}

/* What it said, to its first line's end, or how it ended. */
static void describe(const struct hook *hook, const struct child_end *end, char *text, size_t size)
{
	int length = (int)strcspn(end->errors, "\n");

	if (end->timed_out)
		snprintf(text, size, "killed after %u s", hook->seconds);
	else if (WIFSIGNALED(end->status))
		snprintf(text, size, "killed by signal %d", WTERMSIG(end->status));
	else
		snprintf(text, size, "status %d%s%.*s", WEXITSTATUS(end->status), length ? ": " : "", length,
			 end->errors);
}

static json_t *details_of(const struct hook *hook, const char *reason)
{
	json_t *details = json_object();

	json_object_set_new(details, "command", json_value__text(hook->command));
	json_object_set_new(details, "path", json_value__text(hook->path));
	json_object_set_new(details, "reason", json_value__text(reason));
	return details;
}

static void on_end(void *cookie, const struct child_end *end)
{
	struct hook *hook = cookie;
	struct hooks *hooks = hook->hooks;
	char text[256];

	if (end->status || end->timed_out) {
		if (end->timed_out)
			hooks->count.timed_out++;
		else
			hooks->count.failed++;
		describe(hook, end, text, sizeof(text));
		journal__write(hooks->journal, "hook_failed", details_of(hook, text), "--on-capture for %s: %s",
			       hook->path, text);
	}
	for (size_t i = 0; i < HOOKS_MAX; i++)
		if (hooks->running[i] == hook)
			hooks->running[i] = NULL;
	free_hook(hook);
}

static struct hook *hook__new(struct hooks *hooks, const char *command, const char *path, const char *summary)
{
	struct hook *hook = calloc(1, sizeof(*hook));

	if (!hook)
		return NULL;
	hook->hooks = hooks;
	if (asprintf(&hook->command, "%s \"$1\"", command) < 0)
		hook->command = NULL;
	hook->path = strdup(path);
	hook->summary = strdup(summary);
	if (hook->command && hook->path && hook->summary)
		return hook;
	free_hook(hook);
	return NULL;
}

static int start(struct hook *hook, struct error *err)
{
	char *argv[] = {(char[]){"/bin/sh"}, (char[]){"-c"}, hook->command, (char[]){"on-capture"}, hook->path, NULL};
	const struct child_options options = {.program = argv[0],
					      .argv = argv,
					      .input = hook->summary,
					      .seconds = hook->seconds,
					      .on_end = on_end,
					      .cookie = hook};

	return child__start(hook->hooks->loop, &options, &hook->child, err);
}

void hooks__run(struct hooks *hooks, const char *command, unsigned int seconds, const char *path, const char *summary)
{
	struct error err = {.text = "too many are running"};
	struct hook *hook = NULL;
	size_t slot = 0;

	while (slot < HOOKS_MAX && hooks->running[slot])
		slot++;
	if (slot < HOOKS_MAX)
		hook = hook__new(hooks, command, path, summary);
	if (hook)
		hook->seconds = seconds;
	if (hook && !start(hook, &err)) {
		hooks->running[slot] = hook;
		hooks->count.started++;
		return;
	}
	hooks->count.dropped++;
	if (hook)
		free_hook(hook);
	journal__write(hooks->journal, "hook_failed", NULL, "--on-capture for %s was not run: %s", path, err.text);
}
