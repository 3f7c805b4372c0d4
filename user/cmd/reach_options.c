/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/reach_options.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/array.h"

static const struct option reach_options[] = {
	{.name = "pointer-mask",
	 .type = OPTION_STRING,
	 .offset = offsetof(struct reach_options, pointer_mask),
	 .argument = "MASK",
	 .help = "the bits of a pointer that are its address, in hex:\n0xffffffffffff where the upper 16 are a tag"},
	{.name = "stop",
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct reach_options, stop),
	 .help = "stop the process while its memory is copied, instead of\nlooking twice while it goes on"},
	{.name = "interval",
	 .type = OPTION_DURATION,
	 .offset = offsetof(struct reach_options, interval_ns),
	 .argument = "TIME",
	 .help = "without --stop: time between the two looks (2s)"},
};

struct option_group reach_options__mask_group(struct reach_options *options)
{
	return (struct option_group){reach_options, 1, options};
}

struct option_group reach_options__group(struct reach_options *options)
{
	return (struct option_group){reach_options, ARRAY_SIZE(reach_options), options};
}

int reach_options__reaching(const struct reach_options *options, struct reaching_options *reaching, struct error *err)
{
	char *end = NULL;

	*reaching = (struct reaching_options){
		.stop = options->stop,
		.interval_ns = options->interval_ns,
		.pointer_mask = UINT64_MAX,
	};
	if (!options->pointer_mask)
		return 0;
	errno = 0;
	reaching->pointer_mask = strtoull(options->pointer_mask, &end, 16);
	if (errno || *end || !reaching->pointer_mask || *options->pointer_mask == '-')
		return error__usage(err, "--pointer-mask %s: want a number in hex, as 0xffffffffffff",
				    options->pointer_mask);
	return 0;
}
