/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watch/captures.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/array.h"
#include "watch/child.h"

struct capture {
	struct captures *captures;
	struct child *child;
	pid_t pid;
	uint64_t start_ns;
	struct profile_trigger trigger;
	void *requester;
};

struct captures {
	struct loop *loop;
	struct captures_options options;
	void (*on_done)(void *cookie, const struct capture_done *done);
	void *cookie;
	struct capture **under_way;
	size_t count, capacity;
};

int captures__new(struct loop *loop, const struct captures_options *options,
		  void (*on_done)(void *cookie, const struct capture_done *done), void *cookie,
		  struct captures **result, struct error *err)
{
	struct captures *captures = calloc(1, sizeof(*captures));

	if (!captures)
		return error__set(err, -ENOMEM, "out of memory");
	captures->loop = loop;
	captures->options = *options;
	captures->on_done = on_done;
	captures->cookie = cookie;
	*result = captures;
	return 0;
}

static void free_capture(struct capture *capture)
{
	profile_trigger__free(&capture->trigger);
	free(capture);
}

void captures__free(struct captures *captures)
{
	if (!captures)
		return;
	for (size_t i = 0; i < captures->count; i++) {
		child__kill(captures->under_way[i]->child);
		free_capture(captures->under_way[i]);
	}
	free(captures->under_way);
	free(captures);
}

void captures__configure(struct captures *captures, const struct captures_options *options)
{
	captures->options = *options;
}

/* ---- what is under way */

bool captures__is_under_way(const struct captures *captures, pid_t pid, uint64_t start_ns)
{
	for (size_t i = 0; i < captures->count; i++)
		if (captures->under_way[i]->pid == pid && captures->under_way[i]->start_ns == start_ns)
			return true;
	return false;
}

bool captures__can_start(const struct captures *captures, pid_t pid)
{
	for (size_t i = 0; i < captures->count; i++)
		if (captures->under_way[i]->pid == pid)
			return false;
	return captures->count < captures->options.at_once;
}

size_t captures__count(const struct captures *captures)
{
	return captures->count;
}

static void forget(struct captures *captures, const struct capture *capture)
{
	for (size_t i = 0; i < captures->count; i++)
		if (captures->under_way[i] == capture)
			captures->under_way[i] = captures->under_way[--captures->count];
}

/* ---- the end of one */

/* The first line of what a command said, without its own name. */
static void take_reason(const struct child_end *end, char *reason, size_t size)
{
	static const char prefix[] = "memtrawl: ", warning[] = "memtrawl: warning: ";
	const char *text = end->errors;

	while (!strncmp(text, warning, strlen(warning)) && strchr(text, '\n'))
		text = strchr(text, '\n') + 1;
	if (!strncmp(text, prefix, strlen(prefix)))
		text += strlen(prefix);
	snprintf(reason, size, "%.*s", (int)strcspn(text, "\n"), text);
	if (end->timed_out)
		snprintf(reason, size, "it took too long and was killed");
	else if (!reason[0] && WIFSIGNALED(end->status))
		snprintf(reason, size, "it was killed by signal %d", WTERMSIG(end->status));
	else if (!reason[0])
		snprintf(reason, size, "it ended with status %d", WEXITSTATUS(end->status));
}

static void on_end(void *cookie, const struct child_end *end)
{
	struct capture *capture = cookie;
	struct captures *captures = capture->captures;
	struct capture_done done = {.pid = capture->pid,
				    .start_ns = capture->start_ns,
				    .trigger = &capture->trigger,
				    .requester = capture->requester,
				    .summary = end->output};
	bool good = WIFEXITED(end->status) && WEXITSTATUS(end->status) == 0;
	json_t *summary = good ? json_loads(end->output, 0, NULL) : NULL;
	char reason[512] = "";

	done.path = json_string_value(json_object_get(summary, "path"));
	done.saved = done.path;
	if (!done.saved)
		take_reason(end, reason, sizeof(reason));
	done.reason = reason;
	forget(captures, capture);
	captures->on_done(captures->cookie, &done);
	json_decref(summary);
	free_capture(capture);
}

/* ---- the beginning of one */

struct arguments_text {
	char pid[16], seconds[32], keep[24], top_n[24], trigger[128];
};

static void write_arguments(const struct captures *captures, const struct capture_request *request,
			    struct arguments_text *text)
{
	uint64_t for_ns = request->for_ns ? request->for_ns : captures->options.for_ns;

	snprintf(text->pid, sizeof(text->pid), "%d", (int)request->pid);
	snprintf(text->seconds, sizeof(text->seconds), "%" PRIu64 "ms", for_ns / 1000000);
	snprintf(text->keep, sizeof(text->keep), "%" PRIu64, captures->options.keep);
	snprintf(text->top_n, sizeof(text->top_n), "%" PRIu64, captures->options.top_n);
	profile_trigger__format(&request->trigger, text->trigger, sizeof(text->trigger));
}

static int run(struct captures *captures, const struct capture_request *request, struct capture *capture,
	       struct error *err)
{
	const struct captures_options *options = &captures->options;
	uint64_t for_ns = request->for_ns ? request->for_ns : options->for_ns;
	struct arguments_text text;
	const char *argv[] = {"memtrawl",
			      "snapshot",
			      "--attach",
			      "--json",
			      "-p",
			      text.pid,
			      "--for",
			      text.seconds,
			      "--keep",
			      text.keep,
			      "--store",
			      options->store,
			      "--max-overhead",
			      options->max_overhead,
			      "--source",
			      options->source,
			      "--trigger",
			      text.trigger,
			      "--top-n",
			      text.top_n,
			      NULL, /* --replace, or the name */
			      NULL, /* the name */
			      NULL};
	struct child_options child = {
		.program = "/proc/self/exe",
		.argv = (char *const *)argv,
		.seconds = (unsigned int)(for_ns / 1000000000) + 60, /* debugging information may be large */
		.on_end = on_end,
		.cookie = capture,
	};
	size_t count = ARRAY_SIZE(argv) - 3;

	write_arguments(captures, request, &text);
	if (request->replace)
		argv[count++] = "--replace";
	argv[count] = request->name;
	return child__start(captures->loop, &child, &capture->child, err);
}

int captures__start(struct captures *captures, const struct capture_request *request, struct error *err)
{
	struct capture *capture;
	int code;

	if (!captures__can_start(captures, request->pid))
		return error__set(err, -EBUSY, "%s",
				  captures->count >= captures->options.at_once
					  ? "as many captures as --captures allows are under way"
					  : "a capture of the process is under way");
	capture = calloc(1, sizeof(*capture));
	if (!capture || profile_trigger__copy(&capture->trigger, &request->trigger) ||
	    !array__push(captures->under_way, captures->count, captures->capacity, capture)) {
		if (capture)
			free_capture(capture);
		return error__set(err, -ENOMEM, "out of memory");
	}
	capture->captures = captures;
	capture->pid = request->pid;
	capture->start_ns = request->start_ns;
	capture->requester = request->requester;
	code = run(captures, request, capture, err);
	if (code) {
		forget(captures, capture);
		free_capture(capture);
	}
	return code;
}

void captures__stop(struct captures *captures)
{
	for (size_t i = 0; i < captures->count; i++)
		child__stop(captures->under_way[i]->child);
}
