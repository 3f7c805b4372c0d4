/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/report_options.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/array.h"
#include "profile/store.h"

static const char *const groups[] = {"line", "function", "file", "object", "stack", NULL};
static const char *const sorts[] = {"live", "alloc",     "objects", "peak", "growth",
				    "age",  "temporary", "score",   "lost", NULL};
static const char *const formats[] = {"text", "json", "csv", "folded", "html", "pprof", NULL};

static const struct option report_options[] = {
	{
		.name = "group-by",
		.letter = 'g',
		.type = OPTION_CHOICE,
		.offset = offsetof(struct report_options, group),
		.help = "add up stacks by what allocated",
		.choices = groups,
	},
	{
		.name = "top-n",
		.letter = 'n',
		.type = OPTION_COUNT,
		.offset = offsetof(struct report_options, top_n),
		.argument = "N",
		.help = "show the first N, and the sum of the others; 0: all\n(default: 20 as text, all in other "
			"formats)",
		.max = 1000000000,
	},
	{
		.name = "min-bytes",
		.type = OPTION_SIZE,
		.offset = offsetof(struct report_options, min_bytes),
		.argument = "SIZE",
		.help = "leave out what holds (in a diff: changed by) less",
	},
	{
		.name = "older",
		.type = OPTION_DURATION,
		.offset = offsetof(struct report_options, older_ns),
		.argument = "AGE",
		.help = "only stacks with a live block at least so old",
	},
	{
		.name = "sort",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct report_options, sort),
		.help = "largest first",
		.choices = sorts,
	},
	{
		.name = "filter",
		.type = OPTION_STRING,
		.offset = offsetof(struct report_options, filter),
		.argument = "TEXT",
		.help = "only stacks with TEXT in a function, file or object",
	},
};

static const struct option output_options[] = {
	{
		.name = "output",
		.letter = 'o',
		.type = OPTION_STRING,
		.offset = offsetof(struct output_options, path),
		.argument = "FILE",
		.help = "write to FILE, in the format of its extension:\n"
			".json, .csv, .folded, .html, .pb.gz or .pprof, else text;\n"
			"the report on each further process to a file of its own,\nx.PID.json for x.json",
	},
	{
		.name = "format",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct output_options, format),
		.help = "write in that format",
		.choices = formats,
	},
	{
		.name = "json",
		.type = OPTION_FLAG,
		.offset = offsetof(struct output_options, json),
		.help = "the same as --format json",
	},
};

/* --store must stay first: verbs that only read take it alone. */
static const struct option store_options[] = {
	{
		.name = "store",
		.type = OPTION_STRING,
		.offset = offsetof(struct store_options, directory),
		.argument = "DIR",
		.help = "where snapshots are (default: " STORE_DIRECTORY ")",
	},
	{
		.name = "keep",
		.type = OPTION_COUNT,
		.offset = offsetof(struct store_options, keep),
		.argument = "N",
		.help = "remove all but the newest N snapshots of the process;\n0: keep all (default)",
		.max = 1000000000,
	},
};

struct option_group report_options__group(struct report_options *options)
{
	return (struct option_group){report_options, ARRAY_SIZE(report_options), options};
}

struct option_group output_options__group(struct output_options *options)
{
	return (struct option_group){output_options, ARRAY_SIZE(output_options), options};
}

struct option_group store_options__group(struct store_options *options)
{
	return (struct option_group){store_options, ARRAY_SIZE(store_options), options};
}

struct option_group store_options__read_group(struct store_options *options)
{
	return (struct option_group){store_options, 1, options};
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && !strcmp(text + length - end_length, end);
}

static enum output_format format_of_path(const char *path)
{
	static const struct {
		const char *extension;
		enum output_format format;
	} known[] = {
		{".json", FORMAT_JSON}, {".csv", FORMAT_CSV},     {".folded", FORMAT_FOLDED},
		{".html", FORMAT_HTML}, {".pb.gz", FORMAT_PPROF}, {".pprof", FORMAT_PPROF},
	};

	for (size_t i = 0; path && i < ARRAY_SIZE(known); i++)
		if (ends_with(path, known[i].extension))
			return known[i].format;
	return FORMAT_TEXT;
}

int output_options__format(const struct output_options *options, enum output_format *format, struct error *err)
{
	if (options->json && options->format != OPTION_NOT_GIVEN && options->format != FORMAT_JSON)
		return error__usage(err, "--json and --format %s contradict each other: give one of them",
				    formats[options->format]);
	if (options->json)
		*format = FORMAT_JSON;
	else if (options->format != OPTION_NOT_GIVEN)
		*format = (enum output_format)options->format;
	else
		*format = format_of_path(options->path);
	return 0;
}

int output_options__table_format(const struct output_options *options, const char *what, enum output_format *format,
				 struct error *err)
{
	int code = output_options__format(options, format, err);

	if (!code && *format >= FORMAT_FOLDED)
		code = error__usage(err, "%s can be written as text, json or csv", what);
	return code;
}

int output_options__further(const struct output_options *options, pid_t pid, char **path, struct error *err)
{
	const char *slash, *name, *dot;
	struct stat file;

	*path = NULL;
	if (!options->path || (!stat(options->path, &file) && !S_ISREG(file.st_mode)))
		return 0;
	slash = strrchr(options->path, '/');
	name = slash ? slash + 1 : options->path;
	dot = ends_with(name, ".pb.gz") ? name + strlen(name) - strlen(".pb.gz") : strrchr(name, '.');
	if (!dot || dot == name)
		dot = name + strlen(name);
	if (asprintf(path, "%.*s.%d%s", (int)(dot - options->path), options->path, pid, dot) < 0) {
		*path = NULL;
		return error__set(err, -ENOMEM, "out of memory");
	}
	return 0;
}
