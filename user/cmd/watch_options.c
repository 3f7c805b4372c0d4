/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/watch_options.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/file.h"
#include "lib/units.h"
#include "watch/server.h"

#define SECOND 1000000000ULL

enum { CONFIG_MAX = 1 << 20 };

static const struct usage usage = {
	.verb = "watch",
	.arguments = "-p PID | --comm NAME | --cgroup PATH | --all",
	.text = "Watches processes, and takes a snapshot of one by itself when its memory comes to a threshold: at "
		"most "
		"one in\n"
		"--min-interval, of which the newest --keep stay. A threshold is a level: once crossed, it counts "
		"again "
		"when the\n"
		"figure has been below nine tenths of it. A last snapshot is taken when 95 % of the memory limit that "
		"a "
		"process is\n"
		"under are used, or memory is short on the machine. Runs in the foreground, or as a service; "
		"`hotspots` "
		"shows what it\n"
		"knows, `snapshot -p PID` asks it for a snapshot. SIGHUP reads --config again; SIGTERM lets captures "
		"end.\n",
	.max_arguments = 0,
};

static const char *const sources[] = {"auto", "heap", "pages", NULL};

#define AT(member) offsetof(struct watch_options, member)

static const struct option own_options[] = {
	{.name = "all", .type = OPTION_FLAG, .offset = AT(all), .help = "watch every process"},
	{.name = "rss-threshold",
	 .type = OPTION_STRING,
	 .offset = AT(rss_threshold),
	 .argument = "SIZE|PERCENT%",
	 .help = "of resident memory: 500M, or 80% of the memory limit\nthat the process is under"},
	{.name = "growth-threshold",
	 .type = OPTION_STRING,
	 .offset = AT(growth_threshold),
	 .argument = "SIZE/h",
	 .help = "of growth: 100M/h, or 2M/m"},
	{.name = "growth-over",
	 .type = OPTION_DURATION,
	 .offset = AT(growth_ns),
	 .argument = "TIME",
	 .help = "growth is measured over so long (10m)"},
	{.name = "limit-percent",
	 .type = OPTION_COUNT,
	 .offset = AT(limit_percent),
	 .argument = "PERCENT",
	 .help = "a last snapshot when so much of the memory limit is used\n(95); 0: none",
	 .max = 100},
	{.name = "min-interval",
	 .type = OPTION_DURATION,
	 .offset = AT(min_interval_ns),
	 .argument = "TIME",
	 .help = "at most one snapshot of a process in TIME (60s)"},
	{.name = "keep",
	 .type = OPTION_COUNT,
	 .offset = AT(keep),
	 .argument = "N",
	 .help = "keep the newest N snapshots of a process (20); 0: all",
	 .max = 1000000},
	{.name = "captures",
	 .type = OPTION_COUNT,
	 .offset = AT(captures),
	 .argument = "N",
	 .help = "so many processes are captured at once, at most (2)",
	 .min = 1,
	 .max = 64},
	{.name = "for",
	 .type = OPTION_DURATION,
	 .offset = AT(for_ns),
	 .argument = "TIME",
	 .help = "how long a capture observes (10s)"},
	{.name = "top-n",
	 .letter = 'n',
	 .type = OPTION_COUNT,
	 .offset = AT(top_n),
	 .argument = "N",
	 .help = "sites in the summary that --on-capture gets (20)",
	 .max = 1000000},
	{.name = "source",
	 .type = OPTION_CHOICE,
	 .offset = AT(source),
	 .help = "what is captured; auto is the heap, or pages where no\nallocator is found",
	 .choices = sources},
	{.name = "max-overhead",
	 .type = OPTION_STRING,
	 .offset = AT(max_overhead),
	 .argument = "PERCENT|off",
	 .help = "the most CPU time that a capture may add to its process's\nown (5)"},
	{.name = "on-capture",
	 .type = OPTION_STRING,
	 .offset = AT(on_capture),
	 .argument = "COMMAND",
	 .help = "run for each snapshot, with its file as an argument and the\nsummary in JSON as standard input"},
	{.name = "hook-timeout",
	 .type = OPTION_DURATION,
	 .offset = AT(hook_ns),
	 .argument = "TIME",
	 .help = "it is killed after TIME (30s)"},
	{.name = "interval",
	 .type = OPTION_DURATION,
	 .offset = AT(interval_ns),
	 .argument = "TIME",
	 .help = "look at all processes every TIME (1s); the kernel tells of\nthresholds at once"},
	{.name = "journal",
	 .type = OPTION_STRING,
	 .offset = AT(journal),
	 .argument = "FILE",
	 .help = "a line of JSON for each event (watch.jsonl in the store)"},
	{.name = "socket",
	 .type = OPTION_STRING,
	 .offset = AT(socket),
	 .argument = "PATH",
	 .help = "where it can be asked (" SERVER_SOCKET ")"},
	{.name = "config",
	 .type = OPTION_STRING,
	 .offset = AT(config),
	 .argument = "FILE",
	 .help = "options in a file: lines of NAME = VALUE, # for comments;\nthose of the command line win"},
	{.name = "store",
	 .type = OPTION_STRING,
	 .offset = AT(store),
	 .argument = "DIR",
	 .help = "where snapshots are kept (" STORE_DIRECTORY ")"},
};

static void set_defaults(struct watch_options *options)
{
	*options = (struct watch_options){
		.limit_percent = 95,
		.min_interval_ns = 60 * SECOND,
		.for_ns = 10 * SECOND,
		.interval_ns = SECOND,
		.growth_ns = 600 * SECOND,
		.hook_ns = 30 * SECOND,
		.keep = 20,
		.captures = 2,
		.top_n = TOP_N_DEFAULT,
		.max_overhead = "5",
		.socket = SERVER_SOCKET,
		.store = STORE_DIRECTORY,
	};
}

/* ---- the file */

static char *trim(char *text)
{
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return text;
}

/* "name = value" as "--name=value", malloc'ed; NULL for a line that says nothing, or when memory is short. */
static char *word_of(char *line, bool *failed)
{
	char *text = trim(line), *equals = strchr(text, '='), *word = NULL;
	int n;

	if (!*text || *text == '#')
		return NULL;
	if (equals) {
		*equals = '\0';
		n = asprintf(&word, "--%s=%s", trim(text), trim(equals + 1));
	} else {
		n = asprintf(&word, "--%s", text);
	}
	*failed = n < 0;
	return n < 0 ? NULL : word;
}

struct words {
	char **items;
	size_t count, capacity;
};

/* Takes the word over; NULL is one that there was no memory for. */
static bool add_word(struct words *words, char *word)
{
	if (word && array__push(words->items, words->count, words->capacity, word))
		return true;
	free(word);
	return false;
}

static int add_file(const char *path, struct words *words, struct error *err)
{
	char *text = NULL, *rest, *line;
	bool failed = false;
	size_t size;
	int code = file__read(AT_FDCWD, path, CONFIG_MAX, &text, &size);

	if (code)
		return error__set(err, code, "cannot read %s: %s", path, error__reason(code));
	for (line = strtok_r(text, "\n", &rest); line && !failed; line = strtok_r(NULL, "\n", &rest)) {
		char *word = word_of(line, &failed);

		if (word && !add_word(words, word))
			failed = true;
	}
	free(text);
	return failed ? error__set(err, -ENOMEM, "out of memory") : 0;
}

static const char *config_of(int argc, char **argv)
{
	const char *path = getenv("MEMTRAWL_CONFIG");

	for (int i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "--config=", 9))
			path = argv[i] + 9;
		else if (!strcmp(argv[i], "--config") && i + 1 < argc)
			path = argv[i + 1];
	}
	return path && path[0] ? path : NULL;
}

/* argv[0], the file's, and then the command line's, so that these win. */
static int gather_words(int argc, char **argv, struct words *words, struct error *err)
{
	const char *path = config_of(argc, argv);
	int code = 0;

	for (int i = 0; !code && i < argc; i++) {
		if (!add_word(words, strdup(argv[i])))
			code = error__set(err, -ENOMEM, "out of memory");
		if (!code && i == 0 && path)
			code = add_file(path, words, err);
	}
	if (!code && !array__push(words->items, words->count, words->capacity, NULL))
		code = error__set(err, -ENOMEM, "out of memory");
	return code;
}

/* ---- checks */

static int check_targets(struct watch_options *options, struct error *err)
{
	const struct tracing_options *targets = &options->targets;
	struct tracing_options listed = {.pids = targets->pids};

	if (options->all == (targets->pids || targets->comm || targets->cgroup))
		return error__usage(err, "say whom to watch: -p PID, --comm NAME, --cgroup PATH, or --all");
	if (!targets->pids)
		return 0;
	return tracing_options__pids(&listed, &options->pids, &options->pid_count, err);
}

static int check(struct watch_options *options, struct error *err)
{
	struct daemon_options trial;
	int code = check_targets(options, err);

	if (!code && options->interval_ns < SECOND / 20)
		code = error__usage(err, "--interval: use 50ms or more");
	if (!code && !options->journal && asprintf(&options->journal_path, "%s/watch.jsonl", options->store) < 0)
		code = error__set(err, -ENOMEM, "out of memory");
	return code ? code : watch_options__daemon(options, &trial, err);
}

int watch_options__parse(int argc, char **argv, struct watch_options *options, struct error *err)
{
	const struct option_group groups[] = {
		TARGET_GROUP(&options->targets),
		{own_options, ARRAY_SIZE(own_options), options},
	};
	struct arguments arguments;
	struct words words = {0};
	char **order; /* the parser puts them in another order */
	int code;

	set_defaults(options);
	code = gather_words(argc, argv, &words, err);
	if (!array__push(words.items, words.count, words.capacity, NULL) && !code)
		code = error__set(err, -ENOMEM, "out of memory");
	options->words = words.items;
	order = calloc(words.count + 1, sizeof(*order));
	if (!code && !order)
		code = error__set(err, -ENOMEM, "out of memory");
	if (!code) {
		memcpy(order, words.items, words.count * sizeof(*order));
		code = options__parse(&usage, groups, ARRAY_SIZE(groups), (int)words.count - 2, order, &arguments, err);
	}
	free(order);
	return code ? code : check(options, err);
}

void watch_options__free(struct watch_options *options)
{
	for (size_t i = 0; options->words && options->words[i]; i++)
		free(options->words[i]);
	free(options->words);
	free(options->journal_path);
	free(options->pids);
	memset(options, 0, sizeof(*options));
}

/* ---- for the daemon */

static int parse_rss(const char *text, struct policy *policy, struct error *err)
{
	size_t length = strlen(text);
	char digits[16];
	uint64_t percent;

	if (length && text[length - 1] == '%' && length < sizeof(digits)) {
		memcpy(digits, text, length - 1);
		digits[length - 1] = '\0';
		if (units__parse_count(digits, 1, 100, &percent))
			return error__usage(err, "--rss-threshold: '%s' is not 1%% to 100%%", text);
		policy->rss_fraction = (double)percent / 100;
		return 0;
	}
	if (units__parse_size(text, &policy->rss_bytes) || !policy->rss_bytes)
		return error__usage(err, "--rss-threshold: '%s' is neither a size nor a percentage: try 500M or 80%%",
				    text);
	return 0;
}

static int parse_growth(const char *text, struct policy *policy, struct error *err)
{
	const char *slash = strchr(text, '/');
	char size[32];
	uint64_t bytes;

	if (!slash || (size_t)(slash - text) >= sizeof(size) || (strcmp(slash, "/h") != 0 && strcmp(slash, "/m") != 0))
		return error__usage(err, "--growth-threshold: '%s' is no growth: try 100M/h or 2M/m", text);
	memcpy(size, text, (size_t)(slash - text));
	size[slash - text] = '\0';
	if (units__parse_size(size, &bytes) || !bytes)
		return error__usage(err, "--growth-threshold: '%s' is no growth: try 100M/h or 2M/m", text);
	policy->growth_per_hour = (double)bytes * (slash[1] == 'm' ? 60 : 1);
	return 0;
}

int watch_options__daemon(const struct watch_options *options, struct daemon_options *daemon, struct error *err)
{
	int code = 0;

	*daemon = (struct daemon_options){
		.who = {.pids = options->pids,
			.pid_count = options->pid_count,
			.comm = options->targets.comm,
			.cgroup = options->targets.cgroup},
		.policy = {.limit_fraction = (double)options->limit_percent / 100,
			   .min_interval_ns = options->min_interval_ns},
		.captures = {.at_once = options->captures,
			     .for_ns = options->for_ns,
			     .store = options->store,
			     .keep = options->keep,
			     .max_overhead = options->max_overhead,
			     .source = sources[options->source],
			     .top_n = options->top_n},
		.interval_ns = options->interval_ns,
		.growth_ns = options->growth_ns,
		.journal = options->journal ? options->journal : options->journal_path,
		.on_capture = options->on_capture,
		.hook_seconds = (unsigned int)(options->hook_ns / SECOND ? options->hook_ns / SECOND : 1),
		.socket = options->socket,
	};
	if (options->rss_threshold)
		code = parse_rss(options->rss_threshold, &daemon->policy, err);
	if (!code && options->growth_threshold)
		code = parse_growth(options->growth_threshold, &daemon->policy, err);
	return code;
}
