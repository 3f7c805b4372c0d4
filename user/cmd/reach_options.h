/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options on how to look for what points to blocks, on every verb that does. */
#ifndef MEMTRAWL_CMD_REACH_OPTIONS_H
#define MEMTRAWL_CMD_REACH_OPTIONS_H

#include "cmd/options.h"
#include "cmd/reaching.h"

struct reach_options {
	bool stop;
	uint64_t interval_ns;
	const char *pointer_mask; /* NULL: all bits of a word are an address */
};

#define REACH_OPTIONS_DEFAULT                                                                                          \
	{                                                                                                              \
		.interval_ns = 2000000000                                                                              \
	}

struct option_group reach_options__group(struct reach_options *options);
/* Of a process that stands still anyway: only what is a pointer. */
struct option_group reach_options__mask_group(struct reach_options *options);

/* 0, or -EINVAL with a usage error. */
int reach_options__reaching(const struct reach_options *options, struct reaching_options *reaching, struct error *err);

#endif
