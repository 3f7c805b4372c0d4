/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is a spike: options of the verbs that look for them. */
#ifndef MEMTRAWL_CMD_SPIKE_OPTIONS_H
#define MEMTRAWL_CMD_SPIKE_OPTIONS_H

#include "analyze/spikes.h"
#include "cmd/options.h"

struct spike_options {
	uint64_t rise_bytes, within_ns;
};

#define SPIKE_OPTIONS_DEFAULT                                                                                          \
	{                                                                                                              \
		.rise_bytes = SPIKES_RISE_BYTES, .within_ns = SPIKES_WITHIN_NS                                         \
	}

struct option_group spike_options__group(struct spike_options *options);

/* A usage error if they are out of range. */
int spike_options__check(const struct spike_options *options, struct spikes_options *result, struct error *err);

#endif
