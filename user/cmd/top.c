/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/observe.h"
#include "cmd/output.h"
#include "lib/array.h"
#include "render/top.h"
#include "target/process.h"
#include "top/feed.h"
#include "top/live.h"

static const struct usage usage = {
	.verb = "top",
	.text = "Shows all processes by the memory that they hold: kinds, peak, growth per hour, page faults per "
		"second,\n"
		"cgroup, and when the cgroup or the machine will be full if it goes on growing like that. On a "
		"terminal it\n"
		"is a full-screen table: `?` lists its keys, Enter opens a process. Else the table is printed again at "
		"each\n"
		"interval, until SIGINT, SIGTERM, or nobody reads it any more. JSON and CSV hold processes only as a "
		"list,\n"
		"and JSON their cgroups beside them. K, M and G are powers of 1024. Growth is that of the last hour, "
		"or of\n"
		"the time since top was started. Memory that processes share counts in each of them.\n",
	.max_arguments = 0,
};

struct top_options {
	bool once;
	uint64_t interval_ns; /* 0: not given */
	uint64_t top_n;
	int sort; /* enum census_sort */
	const char *filter;
	bool tree;
};

enum { INTERVAL_MS = 1000, ONCE_MS = 500, INTERVAL_MIN_MS = 50 };

static const char *const sorts[] = {"rss", "growth", "peak", "anon", "swap", "faults", "pid", "name", NULL};

_Static_assert(ARRAY_SIZE(sorts) == CENSUS_SORTS + 1, "a word for each");

#define AT(member) offsetof(struct top_options, member)

static const struct option own_options[] = {
	{.name = "once",
	 .type = OPTION_FLAG,
	 .offset = AT(once),
	 .help = "print one table: takes two looks, 500 ms or --interval apart, so that there\nis growth to tell"},
	{.name = "interval",
	 .type = OPTION_DURATION,
	 .offset = AT(interval_ns),
	 .argument = "TIME",
	 .help = "look every TIME (1s)"},
	{.name = "top-n",
	 .letter = 'n',
	 .type = OPTION_COUNT,
	 .offset = AT(top_n),
	 .argument = "N",
	 .help = "print the first N lines, and the sum of the others; 0: all\n(default: 20 as text, all in other "
		 "formats)",
	 .max = 1000000000},
	{.name = "sort",
	 .type = OPTION_CHOICE,
	 .offset = AT(sort),
	 .help = "largest first, pids and names smallest first",
	 .choices = sorts},
	{.name = "filter",
	 .type = OPTION_STRING,
	 .offset = AT(filter),
	 .argument = "TEXT",
	 .help = "only processes with TEXT in their name, cgroup or pid"},
	{.name = "tree", .type = OPTION_FLAG, .offset = AT(tree), .help = "below their cgroups"},
};

/* All of them, checked. */
struct top_setup {
	struct top_options options;
	struct output_options output;
	enum output_format format;
	struct feed_options feed;
	pid_t *pids; /* malloc'ed */
};

/* ---- options */

static int check_processes(const struct top_setup *setup, struct error *err)
{
	int code = 0;

	for (size_t i = 0; !code && i < setup->feed.pid_count; i++) {
		struct process *process = NULL;

		code = process__open(setup->pids[i], &process, err);
		process__free(process);
	}
	return code;
}

/* By name or cgroup there must be some now; who comes later is shown, too. */
static int find_processes(const struct tracing_options *targets, struct top_setup *setup, struct error *err)
{
	struct tracing_options listed = {.pids = targets->pids};
	pid_t *pids = NULL;
	size_t count;
	int code = 0;

	if (targets->comm || targets->cgroup)
		code = tracing_options__pids(targets, &pids, &count, err);
	free(pids);
	if (!code && targets->pids)
		code = tracing_options__pids(&listed, &setup->pids, &setup->feed.pid_count, err);
	setup->feed.pids = setup->pids;
	setup->feed.comm = targets->comm;
	setup->feed.cgroup = targets->cgroup;
	return code ? code : check_processes(setup, err);
}

static int check(const struct tracing_options *targets, struct top_setup *setup, struct error *err)
{
	struct top_options *options = &setup->options;
	int code = output_options__table_format(&setup->output, "top", &setup->format, err);

	if (code)
		return code;
	if (!options->interval_ns)
		options->interval_ns = (options->once ? ONCE_MS : INTERVAL_MS) * 1000000ULL;
	if (options->interval_ns < INTERVAL_MIN_MS * 1000000ULL || options->interval_ns > 86400 * 1000000000ULL)
		return error__usage(err, "--interval: use 50ms to 1d");
	if (options->top_n == TOP_N_NOT_GIVEN)
		options->top_n = setup->format == FORMAT_TEXT ? TOP_N_DEFAULT : 0;
	code = observe__check_rights(err);
	return code ? code : find_processes(targets, setup, err);
}

/* ---- output */

static void render(const struct top_setup *setup, const struct top_report *report, struct buf *out)
{
	if (setup->format == FORMAT_JSON)
		render__top_json(report, out);
	else if (setup->format == FORMAT_CSV)
		render__top_csv(report, out);
	else
		render__top_text(report, output__width(&setup->output), out);
}

static struct census_request request_of(const struct top_setup *setup)
{
	return (struct census_request){
		.sort = (enum census_sort)setup->options.sort,
		.filter = setup->options.filter,
		.tree = setup->options.tree && setup->format == FORMAT_TEXT,
	};
}

static int print(const struct top_setup *setup, const struct feed *feed, struct error *err)
{
	const struct census_request request = request_of(setup);
	struct census_view view;
	struct top_report report;
	struct buf out = {0};
	int code = census_view__make(feed__census(feed), &request, &view);

	if (code)
		return error__set(err, code, "out of memory");
	feed__report(feed, &report);
	report.view = &view;
	report.top_n = setup->options.top_n;
	render(setup, &report, &out);
	code = output__write(&out, &setup->output, err);
	buf__free(&out);
	census_view__free(&view);
	return code;
}

/* Nobody has to read to the end. */
static int print_again(const struct top_setup *setup, struct feed *feed, bool first, struct error *err)
{
	int code = 0;

	if (!first && setup->format == FORMAT_TEXT && !setup->output.path && write(STDOUT_FILENO, "\n", 1) < 0)
		code = error__set(err, -errno, "cannot write to standard output: %s", error__reason(errno));
	return code ? code : print(setup, feed, err);
}

/* ---- looks */

static int watch(const struct top_setup *setup, struct feed *feed, struct error *err)
{
	int ms = (int)(setup->options.interval_ns / 1000000), code = feed__look(feed, err);
	bool first = true;

	while (!code) {
		code = feed__wait(feed, ms, err);
		if (observe__interrupted())
			return 0;
		if (!code || code == -EINTR)
			code = feed__look(feed, err);
		if (!code)
			code = print_again(setup, feed, first, err);
		if (setup->options.once)
			return code;
		first = false;
	}
	return code == -EPIPE ? 0 : code;
}

/* Text for a person who looks on. A terminal without a type, or of type dumb, is no more than a printer. */
static bool is_full_screen(const struct top_setup *setup)
{
	const char *type = getenv("TERM");

	if (!type || !*type || !strcmp(type, "dumb"))
		return false;
	return setup->format == FORMAT_TEXT && !setup->output.path && !setup->options.once && isatty(STDIN_FILENO) &&
	       isatty(STDOUT_FILENO);
}

static int top(const struct tracing_options *targets, struct top_setup *setup, struct error *err)
{
	struct feed *feed = NULL;
	int code = check(targets, setup, err);

	if (code)
		return code;
	observe__catch_signals();
	signal(SIGPIPE, SIG_IGN);
	code = feed__new(&setup->feed, &feed, err);
	if (!code && is_full_screen(setup)) {
		const struct census_request request = request_of(setup);

		code = live__run(feed, &request, setup->options.interval_ns, err);
	} else if (!code) {
		code = watch(setup, feed, err);
	}
	feed__free(feed);
	return code;
}

enum status cmd_top(int argc, char **argv)
{
	struct top_setup setup = {
		.options = {.top_n = TOP_N_NOT_GIVEN},
		.output = OUTPUT_OPTIONS_DEFAULT,
	};
	struct tracing_options targets = {0};
	const struct option_group groups[] = {
		{own_options, ARRAY_SIZE(own_options), &setup.options},
		TARGET_GROUP(&targets),
		output_options__group(&setup.output),
	};
	struct arguments arguments;
	struct error err = {0};
	int code;

	code = options__parse(&usage, groups, ARRAY_SIZE(groups), argc, argv, &arguments, &err);
	if (code)
		return options__status(code, &err);
	code = top(&targets, &setup, &err);
	free(setup.pids);
	return code ? error__report(&err) : STATUS_OK;
}
