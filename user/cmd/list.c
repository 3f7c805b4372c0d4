/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "cmd/cmd.h"
#include "cmd/output.h"
#include "lib/array.h"
#include "profile/pprof.h"
#include "profile/store.h"

static const struct usage usage = {
	.verb = "list",
	.text = "Lists the snapshots in the store, the newest first.\n",
	.max_arguments = 0,
};

struct own_options {
	uint64_t pid;
};

static const struct option own_options[] = {
	{
		.name = "pid",
		.letter = 'p',
		.type = OPTION_COUNT,
		.offset = offsetof(struct own_options, pid),
		.argument = "PID",
		.help = "only snapshots of that process",
		.min = 1,
		.max = INT32_MAX,
	},
};

/* The profiles stay loaded: rows refer to their texts. */
struct loaded {
	struct profile **profiles;
	size_t count, capacity;
	struct listing listing;
};

static void free_loaded(struct loaded *loaded)
{
	for (size_t i = 0; i < loaded->count; i++)
		profile__free(loaded->profiles[i]);
	free(loaded->profiles);
	free(loaded->listing.rows);
}

/* Sites are what makes a profile large, and a list does not show them. */
static void drop_sites(struct profile *profile)
{
	for (size_t i = 0; i < profile->site_count; i++)
		free(profile->sites[i].frames);
	free(profile->sites);
	profile->sites = NULL;
	profile->site_count = profile->site_capacity = 0;
}

/* A damaged file is told, and does not hide the others. */
static int load(struct loaded *loaded, const struct store_entry *entry)
{
	struct profile *profile;
	struct error err = {0};
	struct listing_row row;

	if (profile__load(entry->path, &profile, &err)) {
		warn("%s", err.text);
		return 0;
	}
	drop_sites(profile);
	row = (struct listing_row){
		.name = entry->name,
		.path = entry->path,
		.pid = profile->process.pid,
		.comm = profile->process.comm,
		.time_ns = profile->end_ns,
		.seconds = profile->seconds,
		.live_bytes = profile->totals.live_bytes,
		.live_objects = profile->totals.live_objects,
		.rss_bytes = profile->rss.current_bytes,
	};
	if (!array__push(loaded->profiles, loaded->count, loaded->capacity, profile)) {
		profile__free(profile);
		return -ENOMEM;
	}
	if (!array__push(loaded->listing.rows, loaded->listing.count, loaded->listing.capacity, row))
		return -ENOMEM;
	return 0;
}

static int list(const char *store, uint64_t pid, const struct output_options *output, struct error *err)
{
	struct loaded loaded = {0};
	struct store_list entries;
	int code;

	code = store__list(store, &entries, err);
	if (code)
		return code;
	for (size_t i = 0; !code && i < entries.count; i++)
		if (!pid || entries.entries[i].pid == (pid_t)pid)
			code = load(&loaded, &entries.entries[i]);
	if (code)
		error__set(err, code, "out of memory");
	else
		code = output__list(&loaded.listing, output, err);
	free_loaded(&loaded);
	store_list__free(&entries);
	return code;
}

enum status cmd_list(int argc, char **argv)
{
	struct own_options own = {0};
	struct output_options output = OUTPUT_OPTIONS_DEFAULT;
	struct store_options store = STORE_OPTIONS_DEFAULT;
	const struct option_group groups[] = {
		{own_options, ARRAY_SIZE(own_options), &own},
		output_options__group(&output),
		store_options__read_group(&store),
	};
	struct arguments arguments;
	struct error err = {0};
	int code;

	code = options__parse(&usage, groups, ARRAY_SIZE(groups), argc, argv, &arguments, &err);
	if (code)
		return options__status(code, &err);
	code = list(store.directory, own.pid, &output, &err);
	return code ? error__report(&err) : STATUS_OK;
}
