/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top/live.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/observe.h"
#include "lib/array.h"
#include "render/pieces.h"
#include "top/detail.h"
#include "top/model.h"
#include "top/screen.h"

enum { STEP_MS = 100 }; /* between the steps of a source that is attached */

struct live {
	struct feed *feed;
	uint64_t interval_ns, next_ns; /* when to look again */
	struct model model;
	struct detail detail;
	struct census_view view;
	struct top_report report;
	size_t height; /* of the table's part of the screen, as last drawn */
	bool changed;  /* what is on the screen is not what should be */
	bool quit;
};

/* ---- looks */

static int make_view(struct live *live, struct error *err)
{
	struct census_request request = model__request(&live->model);
	int code;

	census_view__free(&live->view);
	code = census_view__make(feed__census(live->feed), &request, &live->view);
	if (code)
		return error__set(err, code, "out of memory");
	feed__report(live->feed, &live->report);
	live->report.view = &live->view;
	model__follow(&live->model, &live->view, live->height);
	return 0;
}

static int look(struct live *live, struct error *err)
{
	int code = 0;

	live->next_ns = monotonic_ns() + live->interval_ns;
	live->changed = true;
	if (live->model.paused)
		return 0;
	census_view__free(&live->view); /* it refers to the last look */
	code = feed__look(live->feed, err);
	if (code)
		return code;
	detail__follow(&live->detail, feed__census(live->feed));
	detail__refresh(&live->detail, screen__width(), screen__height());
	return make_view(live, err);
}

/* ---- drawing */

static enum screen_style style_of(const struct live *live, size_t index)
{
	const struct census_line *line = &live->view.lines[index];
	const struct census_limit *limit = line->row ? &line->row->limit : &line->group->limit;

	if (index == live->model.selected)
		return SCREEN_SELECTED;
	if (limit->group >= 0 && limit->seconds >= 0 && limit->seconds < 3600)
		return SCREEN_ALARM;
	return line->row ? SCREEN_PLAIN : SCREEN_BOLD;
}

static void draw_rows(const struct live *live, size_t y, size_t end)
{
	struct buf text = {0};

	for (size_t i = live->model.first; i < live->view.count && y < end; i++, y++) {
		render__top_line(&live->report, &live->view.lines[i], screen__width(), &text);
		screen__line(y, text.data ? text.data : "", style_of(live, i));
		text.size = 0;
	}
	buf__free(&text);
}

static void add_status(const struct live *live, struct buf *line)
{
	char said[256];

	if (live->model.typing) {
		buf__add_string(line, " filter: ");
		pieces__add_escaped(line, live->model.filter);
		buf__add_string(line, "_   Enter keeps it, Esc clears it");
		return;
	}
	if (live->model.paused)
		buf__add_string(line, " PAUSED ");
	buf__add_format(line, " %zu of %zu  Enter open  / filter  s sort  t tree  p pause  ? help  q quit",
			live->view.count ? live->model.selected + 1 : 0, live->view.count);
	if (*screen__said(said, sizeof(said))) {
		buf__add_string(line, "  ");
		pieces__add_escaped(line, said);
	}
}

static void draw_status(const struct live *live)
{
	struct buf line = {0}, out = {0};

	add_status(live, &line);
	pieces__add_line(&out, &line, screen__width());
	screen__line(screen__height() - 1, out.data ? out.data : "", SCREEN_HEADER);
	buf__free(&line);
	buf__free(&out);
}

static void draw_table(struct live *live)
{
	size_t end = screen__height() - 1, y;
	struct buf text = {0};

	screen__clear();
	render__top_summary(&live->report, screen__width(), &text);
	y = screen__text(0, end, text.data, 0);
	text.size = 0;
	render__top_columns(&live->report, screen__width(), &text);
	screen__line(y++, text.data ? text.data : "", SCREEN_BOLD);
	live->height = end > y ? end - y : 0;
	model__follow(&live->model, &live->view, live->height); /* the screen may be another */
	draw_rows(live, y, end);
	draw_status(live);
	screen__show();
	buf__free(&text);
}

static void draw_help(void)
{
	static const char keys[] = "Keys\n\n"
				   "  Up Down PgUp PgDn   select a line\n"
				   "  Home End            the first, the last\n"
				   "  Enter               open the process: its RSS since top began, kinds, limit;\n"
				   "                      there, one more key shows call sites, live:\n";
	static const char more[] =
		"  s or >, <           sort by the next, the one before: rss, growth, peak,\n"
		"                      anon, swap, faults, pid, name\n"
		"  /                   only what has a text in its name, cgroup or pid\n"
		"  t                   tree by cgroup, and back\n"
		"  p                   pause, and go on\n"
		"  q or Esc            back; from the table: leave (Esc first clears a filter)\n"
		"\nGrowth is that of the last hour, or since top began. `full in`: until a limit of\n"
		"the cgroup or the machine's memory is reached, if what it counts goes on growing\n"
		"like that.\n";
	struct buf text = {0};

	screen__clear();
	buf__add_string(&text, keys);
	detail__add_help(&text);
	buf__add_string(&text, more);
	screen__text(0, screen__height() - 1, text.data, 0);
	screen__line(screen__height() - 1, " any key: back", SCREEN_HEADER);
	screen__show();
	buf__free(&text);
}

static void draw(struct live *live)
{
	if (live->model.help)
		draw_help();
	else if (live->detail.open)
		detail__draw(&live->detail, &live->report);
	else
		draw_table(live);
}

/* ---- keys */

static void open_selected(struct live *live)
{
	if (live->model.selected < live->view.count && live->view.lines[live->model.selected].row)
		detail__open(&live->detail, live->view.lines[live->model.selected].row);
}

static int on_key(struct live *live, int key, struct error *err)
{
	if (live->detail.open && !live->model.help) {
		if (key == '?')
			live->model.help = true;
		else if (!detail__key(&live->detail, key))
			detail__close(&live->detail);
		return 0;
	}
	switch (model__key(&live->model, key, &live->view, live->height)) {
	case MODEL_REDO:
		return make_view(live, err);
	case MODEL_OPEN:
		open_selected(live);
		break;
	case MODEL_QUIT:
		live->quit = true;
		break;
	case MODEL_DRAW:
		break;
	}
	return 0;
}

/* A new size of the terminal comes as a key, too. */
static int on_keys(struct live *live, struct error *err)
{
	int key, code = 0;

	while (!code && !live->quit && screen__key(&key)) {
		code = on_key(live, key, err);
		live->changed = true;
	}
	return code;
}

/* ---- the loop */

static int wait_for_something(struct live *live, struct error *err)
{
	struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = feed__fd(live->feed), .events = POLLIN}};
	uint64_t now = monotonic_ns();
	int ms = now < live->next_ns ? (int)((live->next_ns - now) / 1000000 + 1) : 0;

	if (detail__is_attached(&live->detail) && ms > STEP_MS)
		ms = STEP_MS;
	if (poll(fds, ARRAY_SIZE(fds), ms) < 0 && errno != EINTR)
		return error__set(err, -errno, "cannot wait for keys: %s", error__reason(errno));
	if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)) /* the terminal is gone */
		live->quit = true;
	live->changed |= detail__step(&live->detail);
	return feed__wait(live->feed, 0, err);
}

static int run(struct live *live, struct error *err)
{
	int code = look(live, err);

	while (!code && !live->quit && !observe__interrupted()) {
		if (live->changed)
			draw(live);
		live->changed = false;
		code = wait_for_something(live, err);
		if (code == -EINTR)
			code = 0;
		if (!code)
			code = on_keys(live, err);
		if (!code && monotonic_ns() >= live->next_ns)
			code = look(live, err);
	}
	return code;
}

int live__run(struct feed *feed, const struct census_request *request, uint64_t interval_ns, struct error *err)
{
	struct live live = {.feed = feed, .interval_ns = interval_ns};
	int code = screen__open(err);

	if (code)
		return code;
	model__init(&live.model, request);
	code = run(&live, err);
	detail__close(&live.detail);
	screen__close();
	census_view__free(&live.view);
	model__free(&live.model);
	return code;
}
