/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/cmd.h"
#include "cmd/output.h"
#include "cmd/source.h"
#include "lib/array.h"

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
	const struct option_group groups[] = {
		report_options__group(&report),
		output_options__group(&output),
		store_options__read_group(&store),
	};
	struct profile *profile = NULL;
	struct arguments arguments;
	struct error err = {0};
	int code;

	code = options__parse(&usage, groups, ARRAY_SIZE(groups), argc, argv, &arguments, &err);
	if (code)
		return options__status(code, &err);
	code = source__load(arguments.items[0], store.directory, &profile, &err);
	if (!code)
		code = output__profile(REPORT_PROFILE, profile, &report, &output, &err);
	profile__free(profile);
	return code ? error__report(&err) : STATUS_OK;
}
