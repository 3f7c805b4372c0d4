/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/observe.h"
#include "cmd/spike_options.h"
#include "lib/array.h"
#include "lib/units.h"
#include "render/record.h"
#include "target/launch.h"

static const struct usage usage = {
	.verb = "record",
	.arguments = "-p PID | [--] COMMAND [ARGUMENT]...",
	.text = "Records the memory of a process, or of a command from its first instruction to its end, as CSV:\n"
		"  time_s,vmrss_kb,vmsize_kb,vmdata_kb,vmswap_kb\n"
		"A row a sample, and one more where RSS was higher between two of them. Then a summary: peak, spikes,\n"
		"samples and how late they came. Ctrl-C ends it. `spikes` and `variance` read the file later.\n"
		"The CSV goes to standard output and the summary to standard error; with -o the summary goes to\n"
		"standard output, or to standard error beside a command's own output unless it is JSON. At 10 ms a "
		"day\n"
		"is some 330 MB. Passes a command's exit status on, as `run` does.\n",
	.min_arguments = 0,
	.max_arguments = -1,
	.stop_at_argument = true,
};

/* As for `run`. */
enum { RECORD_OWN_FAILURE = 125, RECORD_CANNOT_EXECUTE = 126, RECORD_NOT_FOUND = 127, RECORD_SIGNALLED = 128 };

#define INTERVAL_MIN_NS UINT64_C(1000000)
#define KEEP_DEFAULT    9

struct record_options {
	uint64_t pid;
	const char *path;
	uint64_t interval_ns;
	uint64_t for_ns; /* 0: until it ends */
	const char *rotate;
	bool json;
};

static const struct option own_options[] = {
	{
		.name = "pid",
		.letter = 'p',
		.type = OPTION_COUNT,
		.offset = offsetof(struct record_options, pid),
		.argument = "PID",
		.help = "the process",
		.min = 1,
		.max = INT32_MAX,
	},
	{
		.name = "output",
		.letter = 'o',
		.type = OPTION_STRING,
		.offset = offsetof(struct record_options, path),
		.argument = "FILE",
		.help = "write the CSV to FILE, from the start on",
	},
	{
		.name = "interval",
		.type = OPTION_DURATION,
		.offset = offsetof(struct record_options, interval_ns),
		.argument = "TIME",
		.help = "from sample to sample (100ms); at least 1ms",
	},
	{
		.name = "for",
		.type = OPTION_DURATION,
		.offset = offsetof(struct record_options, for_ns),
		.argument = "TIME",
		.help = "end after TIME; a command goes on",
	},
	{
		.name = "rotate",
		.type = OPTION_STRING,
		.offset = offsetof(struct record_options, rotate),
		.argument = "SIZE[,N]",
		.help = "when FILE comes to SIZE, rename rss.csv to rss.1.csv,\nthat to rss.2.csv and so on, and keep "
			"N (9) of "
			"them;\nthose of an earlier recording are removed at the start",
	},
	{
		.name = "json",
		.type = OPTION_FLAG,
		.offset = offsetof(struct record_options, json),
		.help = "the summary as JSON",
	},
};

struct record {
	struct record_options own;
	struct spike_options spike_options;
	char **command; /* NULL: the process was there */
	struct series_file_options file_options;
	struct series_file *file;
	struct process *process;
	struct launch *launch;
	struct recording *recording;
	struct rss_series series;
	struct spikes spikes;
	int signals; /* descriptor */
	enum record_end end;
	int wait_status; /* of the command; -1 as long as it runs */
};

/* ---- options */

/* SIZE[,N] */
static int parse_rotate(struct record *record, struct error *err)
{
	struct series_file_options *options = &record->file_options;
	const char *comma = record->own.rotate ? strchr(record->own.rotate, ',') : NULL;
	char size[64];
	int code;

	if (!record->own.rotate)
		return 0;
	if (!record->own.path)
		return error__usage(err, "--rotate is for a file: give -o FILE, too");
	snprintf(size, sizeof(size), "%.*s", comma ? (int)(comma - record->own.rotate) : (int)sizeof(size) - 1,
		 record->own.rotate);
	options->keep = KEEP_DEFAULT;
	code = units__parse_size(size, &options->limit);
	if (!code && comma)
		code = units__parse_count(comma + 1, 0, SERIES_FILE_KEEP_MAX, &options->keep);
	if (code || options->limit < SERIES_FILE_LIMIT_MIN)
		return error__usage(err,
				    "--rotate: '%s' is not a size of 4K or more and a number up to %d, as in 64M,5",
				    record->own.rotate, SERIES_FILE_KEEP_MAX);
	return 0;
}

static int check_options(struct record *record, const struct arguments *arguments, struct error *err)
{
	if (arguments->count)
		record->command = arguments->items;
	if (!record->own.pid == !record->command)
		return error__usage(err, "record: %s: memtrawl record %s",
				    record->command ? "a process or a command, not both" : "no process and no command",
				    usage.arguments);
	if (record->own.interval_ns < INTERVAL_MIN_NS)
		return error__usage(err, "--interval: use a time of 1ms or more");
	record->file_options.path = record->own.path;
	record->file_options.header = RSS_SERIES_HEADER;
	return parse_rotate(record, err);
}

/* ---- rows */

static void on_sample(void *cookie, const struct rss_sample *sample)
{
	struct record *record = cookie;
	char line[RSS_SERIES_LINE_MAX];
	size_t size = rss_series__format(sample, line);

	rss_series__add(&record->series, sample);
	spikes__add(&record->spikes, sample);
	series_file__add(record->file, line, size, monotonic_ns());
}

/* ---- start */

/*
 * Signals are read between samples. Of a command's, Ctrl-C goes to it, from the terminal; what is sent to us alone is
 * handed on. A reader that goes away is an error like others.
 */
static int catch_signals(struct record *record, struct error *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	record->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return record->signals < 0 ? error__set(err, -errno, "cannot watch for signals: %s", error__reason(errno)) : 0;
}

static int prepare(struct record *record, struct error *err)
{
	struct recording_options options = {
		.interval_ns = record->own.interval_ns, .on_sample = on_sample, .cookie = record};
	int code = observe__check_rights(err);

	if (!code && record->command)
		code = launch__prepare(record->command, false, &record->launch, err);
	if (!code && record->launch)
		launch__leave_loader_alone(record->launch);
	if (!code)
		code = process__open(record->launch ? launch__pid(record->launch) : (pid_t)record->own.pid,
				     &record->process, err);
	if (!code)
		code = catch_signals(record, err);
	options.process = record->process;
	options.fd = record->signals;
	if (!code)
		code = recording__new(&options, &record->recording, err);
	if (!code)
		code = series_file__new(&record->file_options, &record->file, err);
	return code;
}

/* ---- to the end */

static void handle_signal(struct record *record)
{
	struct signalfd_siginfo info;

	if (read(record->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (!record->launch)
		record->end = RECORD_INTERRUPTED;
	else if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGHUP)
		kill(launch__pid(record->launch), (int)info.ssi_signo);
}

/* Until the process has ended, `until_ns`, or a signal. */
static int follow(struct record *record, uint64_t until_ns, struct error *err)
{
	const struct recording_state *state = recording__state(record->recording);
	int code = 0;

	record->end = RECORD_ENDED;
	while (code >= 0 && !state->ended && record->end == RECORD_ENDED) {
		code = recording__step(record->recording, until_ns, err);
		if (code == 1)
			handle_signal(record);
		series_file__tend(record->file, monotonic_ns());
		if (record->end == RECORD_ENDED && !state->ended && monotonic_ns() >= until_ns)
			record->end = RECORD_TIME_OVER;
		if (!record->launch && !state->ended && series_file__state(record->file)->reader_gone)
			record->end = RECORD_READER_GONE;
	}
	if (code < 0)
		record->end = RECORD_FAILED;
	return code < 0 ? code : 0;
}

static uint64_t end_of(const struct record *record)
{
	uint64_t start_ns = recording__state(record->recording)->start_ns;

	if (!record->own.for_ns || record->own.for_ns >= UINT64_MAX - start_ns)
		return UINT64_MAX;
	return start_ns + record->own.for_ns;
}

static int record_to_end(struct record *record, struct error *err)
{
	uint64_t until_ns = end_of(record);
	int code = follow(record, until_ns, err);

	if (!code)
		code = recording__end(record->recording, until_ns, err);
	series_file__close(record->file);
	spikes__finish(&record->spikes);
	if (!code && record->spikes.failed)
		code = error__set(err, -ENOMEM, "out of memory: not all spikes are known");
	return code;
}

/* ---- summary */

static int print_summary(const struct buf *buf, FILE *to, struct error *err)
{
	if (buf__failed(buf))
		return error__set(err, -ENOMEM, "cannot make the summary: out of memory");
	if (fwrite(buf->data, 1, buf->size, to) != buf->size || fflush(to))
		return error__set(err, -errno, "cannot write the summary: %s", error__reason(errno));
	return 0;
}

/* A command's arguments in one line; the caller frees it. */
static char *join(char **words)
{
	struct buf buf = {0};

	for (char **word = words; *word; word++)
		buf__add_format(&buf, "%s%s", word == words ? "" : " ", *word);
	return buf__take(&buf);
}

static int summarize(const struct record *record, struct error *err)
{
	char *command = record->command ? join(record->command) : NULL;
	bool beside = !record->own.path || (record->command && !record->own.json);
	const struct record_summary summary = {
		.pid = record->process->pid,
		.cmdline = record->command ? command : record->process->cmdline,
		.interval_ns = record->own.interval_ns,
		.end = record->end,
		.state = recording__state(record->recording),
		.series = &record->series,
		.spikes = &record->spikes,
		.path = record->own.path,
		.file = series_file__state(record->file),
	};
	struct buf buf = {0};
	int code;

	if (record->own.json)
		render__record_json(&summary, &buf);
	else
		render__record_text(&summary, 0, &buf);
	code = print_summary(&buf, beside ? stderr : stdout, err);
	buf__free(&buf);
	free(command);
	return code;
}

/* After all has been said: that not all is there. */
static int check_rows(const struct record *record, struct error *err)
{
	const struct series_file_state *state = series_file__state(record->file);

	if (!state->code)
		return 0;
	return error__set(err, state->code, "%llu rows could not be written to %s: %s",
			  (unsigned long long)state->lost_rows, record->own.path ? record->own.path : "standard output",
			  error__reason(state->code));
}

static int record_and_tell(struct record *record, struct error *err)
{
	int code = record_to_end(record, err);

	if (code) { /* what there is, all the same */
		struct error ignored;

		summarize(record, &ignored);
		return code;
	}
	code = summarize(record, err);
	return code ? code : check_rows(record, err);
}

/* ---- a command */

struct beginning {
	struct record *record;
	struct error *err;
	int code;
};

static void begin(void *cookie)
{
	struct beginning *beginning = cookie;

	beginning->code = recording__begin(beginning->record->recording, beginning->err);
}

static int cannot_run(const struct record *record, int code, struct error *err)
{
	error__prefix(err, code, "cannot run %s", record->command[0]);
	error__report(err);
	return code == -ENOENT ? RECORD_NOT_FOUND : RECORD_CANNOT_EXECUTE;
}

static int exit_status(int status)
{
	return WIFSIGNALED(status) ? RECORD_SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

static int wait_for_command(const struct record *record)
{
	pid_t pid = launch__pid(record->launch);
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return exit_status(status);
}

static int run_command(struct record *record, struct error *err)
{
	struct beginning beginning = {.record = record, .err = err};
	int status = 0, code, result;

	code = launch__run(record->launch, begin, &beginning, &status, err);
	if (code < 0)
		return cannot_run(record, code, err);
	if (code) /* killed before it was one */
		return exit_status(status);
	code = beginning.code ? beginning.code : record_and_tell(record, err);
	if (code)
		error__report(err);
	result = wait_for_command(record);
	return code && !result ? RECORD_OWN_FAILURE : result;
}

/* ---- the verb */

static void free_record(struct record *record)
{
	series_file__free(record->file);
	recording__free(record->recording);
	process__free(record->process);
	launch__free(record->launch);
	spikes__free(&record->spikes);
	if (record->signals >= 0)
		close(record->signals);
}

/* Whose status is it that we end with? Failures of ours are not to be taken for those of a command. */
static bool names_command(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--"))
			return true;
	return false;
}

enum status cmd_record(int argc, char **argv)
{
	struct record record = {
		.own = {.interval_ns = 100000000},
		.spike_options = SPIKE_OPTIONS_DEFAULT,
		.signals = -1,
	};
	const struct option_group groups[] = {
		{own_options, ARRAY_SIZE(own_options), &record.own},
		spike_options__group(&record.spike_options),
	};
	bool command = names_command(argc, argv);
	struct arguments arguments;
	struct error err = {0};
	int code, status;

	code = options__parse(&usage, groups, ARRAY_SIZE(groups), argc, argv, &arguments, &err);
	if (code == OPTIONS_HELP)
		return STATUS_OK;
	if (!code)
		code = check_options(&record, &arguments, &err);
	if (!code)
		code = spike_options__check(&record.spike_options, &record.spikes.options, &err);
	if (!code)
		code = prepare(&record, &err);
	if (!code && record.command)
		status = run_command(&record, &err);
	else {
		if (!code)
			code = recording__begin(record.recording, &err);
		if (!code)
			code = record_and_tell(&record, &err);
		status = code ? (int)error__report(&err) : STATUS_OK;
		if (code && (command || record.command))
			status = RECORD_OWN_FAILURE;
	}
	free_record(&record);
	return (enum status)status;
}
