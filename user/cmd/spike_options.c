/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/spike_options.h"

#include "lib/array.h"

static const struct option own_options[] = {
	{
		.name = "rise",
		.type = OPTION_SIZE,
		.offset = offsetof(struct spike_options, rise_bytes),
		.argument = "SIZE",
		.help = "a spike is a rise of more than SIZE (20M)",
	},
	{
		.name = "within",
		.type = OPTION_DURATION,
		.offset = offsetof(struct spike_options, within_ns),
		.argument = "TIME",
		.help = "in so much time (1s)",
	},
};

struct option_group spike_options__group(struct spike_options *options)
{
	return (struct option_group){own_options, ARRAY_SIZE(own_options), options};
}

int spike_options__check(const struct spike_options *options, struct spikes_options *result, struct error *err)
{
	if (options->rise_bytes < 1024)
		return error__usage(err, "--rise: use a size of 1K or more");
	if (options->within_ns < 1000000)
		return error__usage(err, "--within: use a time of 1ms or more");
	*result =
		(struct spikes_options){.rise_kb = options->rise_bytes / 1024, .within_us = options->within_ns / 1000};
	return 0;
}
