/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stddef.h>

#include "cmd/cmd.h"
#include "cmd/output.h"
#include "cmd/source.h"
#include "lib/array.h"

struct show_options {
	const char *source; /* NULL: no source lines; else where sources lie */
};

static const struct option show_options[] = {
	{
		.name = "source",
		.type = OPTION_STRING,
		.offset = offsetof(struct show_options, source),
		.optional = "/",
		.argument = "DIR",
		.help = "show the text of source lines too, where the files can be\nread: as named, or below DIR",
	},
};

static const struct usage usage = {
	.verb = "show",
	.arguments = "NAME|FILE",
	.text = "Shows a snapshot of the store, or a pprof file of memtrawl's or of others (an argument with a '/'),\n"
		"by call site, the one that holds most memory first.\n",
	.min_arguments = 1,
	.max_arguments = 1,
};

enum status cmd_show(int argc, char **argv)
{
	struct report_options report = REPORT_OPTIONS_DEFAULT;
	struct output_options output = OUTPUT_OPTIONS_DEFAULT;
	struct store_options store = STORE_OPTIONS_DEFAULT;
	struct show_options own = {.source = NULL};
	const struct option_group groups[] = {
		{show_options, ARRAY_SIZE(show_options), &own},
		report_options__group(&report),
		output_options__group(&output),
		store_options__read_group(&store),
	};
	struct source_lines *sources = NULL;
	struct profile *profile = NULL;
	struct arguments arguments;
	struct error err = {0};
	int code;

	code = options__parse(&usage, groups, ARRAY_SIZE(groups), argc, argv, &arguments, &err);
	if (code)
		return options__status(code, &err);
	code = source__load(arguments.items[0], store.directory, &profile, &err);
	if (!code && own.source) {
		sources = source_lines__read(profile, own.source);
		report.sources = sources;
		code = sources ? 0 : error__set(&err, -ENOMEM, "out of memory");
	}
	if (!code)
		code = output__profile(REPORT_PROFILE, profile, &report, &output, &err);
	source_lines__free(sources);
	profile__free(profile);
	return code ? error__report(&err) : STATUS_OK;
}
