/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stddef.h>

#include "cmd/cmd.h"
#include "cmd/name_sources.h"
#include "cmd/output.h"
#include "cmd/source.h"
#include "lib/array.h"

struct symbolize_options {
	const char *path;
};

static const struct option symbolize_options[] = {
	{
		.name = "path",
		.type = OPTION_STRING,
		.offset = offsetof(struct symbolize_options, path),
		.argument = "DIR",
		.help = "look for programs and libraries below DIR, too: under\ntheir path, or by their name alone",
	},
};

static const struct usage usage = {
	.verb = "symbolize",
	.arguments = "FILE",
	.text = "Names the call sites of a profile that has none, or not all: one that was taken where a program's\n"
		"debugging information is not. Programs are looked for as named in the profile, below --path, by "
		"build\n"
		"id below MEMTRAWL_DEBUG_DIR, and from the servers of DEBUGINFOD_URLS; one of another build is not "
		"used.\n"
		"-o OUT.pb.gz writes a profile with the names in it; without, the profile is shown as by `show`.\n",
	.min_arguments = 1,
	.max_arguments = 1,
};

/* Says which files were not there, and what that costs. */
static void tell_missing(const struct profile *profile)
{
	for (size_t i = 0; i < profile->mapping_count; i++) {
		const struct profile_mapping *mapping = &profile->mappings[i];
		size_t unnamed = 0;

		for (size_t j = 0; j < profile->location_count; j++)
			unnamed += profile->locations[j].mapping == i && !profile->locations[j].line_count;
		if (unnamed && !mapping->has_functions)
			warn("%zu place%s in %s stay%s without a name: none was found for build id %s", unnamed,
			     unnamed == 1 ? "" : "s", profile__text(profile, mapping->filename, "an unknown file"),
			     unnamed == 1 ? "s" : "", profile__text(profile, mapping->build_id, "(unknown)"));
	}
}

static int name_profile(struct profile *profile, const char *path, struct error *err)
{
	const struct symbols_source source = {
		.cookie = (void *)path,
		.open = name_sources__open,
		.open_path = name_sources__open_path,
	};
	struct symbols_options options = name_sources__options();
	struct symbols *symbols;
	int code;

	options.again = true;
	symbols = symbols__new(&source, &options);
	code = symbols ? symbols__name_profile(symbols, profile) : -ENOMEM;
	symbols__free(symbols);
	if (code)
		return error__set(err, code, "cannot name the call sites: %s", error__reason(code));
	tell_missing(profile);
	return 0;
}

enum status cmd_symbolize(int argc, char **argv)
{
	struct symbolize_options own = {.path = NULL};
	struct report_options report = REPORT_OPTIONS_DEFAULT;
	struct output_options output = OUTPUT_OPTIONS_DEFAULT;
	struct store_options store = STORE_OPTIONS_DEFAULT;
	const struct option_group groups[] = {
		{symbolize_options, ARRAY_SIZE(symbolize_options), &own},
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
		code = name_profile(profile, own.path, &err);
	if (!code)
		code = output__profile(REPORT_PROFILE, profile, &report, &output, &err);
	profile__free(profile);
	return code ? error__report(&err) : STATUS_OK;
}
