/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Heap and pages by call site: a session as other verbs have it, on the process that is looked at. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/observe.h"
#include "render/render.h"
#include "top/sites.h"

static int open_session(pid_t pid, const char *source, void **state, struct error *err)
{
	struct tracing_options options = TRACING_OPTIONS_DEFAULT;
	struct session *session = NULL;
	char text[16];
	int code;

	snprintf(text, sizeof(text), "%d", (int)pid);
	options.pids = text;
	options.source = source;
	code = observe__start(&options, OBSERVE_BUDGET, &session, err);
	*state = session;
	return code;
}

static int heap_open(pid_t pid, void **state, struct error *err)
{
	return open_session(pid, "heap", state, err);
}

static int pages_open(pid_t pid, void **state, struct error *err)
{
	return open_session(pid, "pages", state, err);
}

static void close_session(void *state)
{
	observe__finish(state);
}

static int step(void *state, struct error *err)
{
	struct session *session = state;
	int code = 0;

	if (!observe__is_pinned(session))
		code = session__poll(session, 0, err);
	return code == -EINTR ? 0 : code;
}

/* But for the first line, which is the screen's title already. */
static void add_subject(const struct report *report, size_t width, struct buf *out)
{
	struct buf text = {0};
	const char *rest;

	render__text_subject(report, width, &text);
	rest = text.data ? strchr(text.data, '\n') : NULL;
	buf__add_string(out, rest ? rest + 1 : "");
	buf__free(&text);
}

/* Of page faults there is no budget. */
static void add_cost(const struct session *session, struct buf *out)
{
	if (!session->options.heap)
		return;
	buf__add_format(out, "  cost    %.1f %% overhead", session->shared->overhead / 100.0);
	if (session->options.max_overhead > 0)
		buf__add_format(out, " (budget %.4g %%)", session->options.max_overhead);
	buf__add_format(out, ", %u traps/s\n", session->shared->event_rate);
}

static int render(void *state, enum report_group group, size_t rows, size_t width, struct buf *out, struct error *err)
{
	const struct session *session = state;
	const struct read_options read = {0};
	const struct report_request request = {.group = group, .sort = SORT_LIVE, .top_n = rows ? rows : 1};
	struct profile *profile = NULL;
	struct report *report = NULL;
	int code = observe__profile(session, session->tracked[0], &read, NULL, &profile, err);

	if (!code)
		code = report__new(REPORT_PROFILE, profile, &request, &report, err);
	if (!code) {
		add_cost(session, out);
		add_subject(report, width, out);
		buf__add_string(out, "\n");
		render__text_table(report, width, out);
	}
	report__free(report);
	profile__free(profile);
	return code;
}

const struct sites_source heap_sites = {
	.key = 'h',
	.name = "heap",
	.what = "its heap: what is allocated from then on, and not freed",
	.open = heap_open,
	.close = close_session,
	.step = step,
	.render = render,
};

const struct sites_source pages_sites = {
	.key = 'p',
	.name = "pages",
	.what = "its pages: who touched the memory that is resident first",
	.open = pages_open,
	.close = close_session,
	.step = step,
	.render = render,
};
