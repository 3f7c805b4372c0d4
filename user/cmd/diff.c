/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/cmd.h"
#include "cmd/output.h"
#include "cmd/source.h"
#include "lib/array.h"

static const struct usage usage = {
	.verb = "diff",
	.arguments = "BEFORE AFTER",
	.text = "Shows what changed from one snapshot (a name in the store, or a file: an argument with a '/') to\n"
		"another, the largest change first. They may be of different processes and hosts. Stacks are compared\n"
		"by build id and offset; where the programs are different builds, the default is --group-by "
		"function.\n",
	.min_arguments = 2,
	.max_arguments = 2,
};

enum status cmd_diff(int argc, char **argv)
{
	struct report_options report = REPORT_OPTIONS_DEFAULT;
	struct output_options output = OUTPUT_OPTIONS_DEFAULT;
	struct store_options store = STORE_OPTIONS_DEFAULT;
	const struct option_group groups[] = {
		report_options__group(&report),
		output_options__group(&output),
		store_options__read_group(&store),
	};
	struct profile *before = NULL, *after = NULL;
	struct arguments arguments;
	struct error err = {0};
	int code;

	code = options__parse(&usage, groups, ARRAY_SIZE(groups), argc, argv, &arguments, &err);
	if (code)
		return options__status(code, &err);
	code = source__load(arguments.items[0], store.directory, &before, &err);
	if (!code)
		code = source__load(arguments.items[1], store.directory, &after, &err);
	if (!code && before->source != after->source)
		code = error__usage(&err, "%s is of the %s, and %s of the %s: they have nothing in common",
				    arguments.items[0], profile__source_name(before->source), arguments.items[1],
				    profile__source_name(after->source));
	if (!code)
		code = output__diff(before, after, &report, &output, &err);
	profile__free(before);
	profile__free(after);
	return code ? error__report(&err) : STATUS_OK;
}
