/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The option that names a file of known leaks, on every verb that tells leaks. */
#ifndef MEMTRAWL_CMD_SUPPRESSION_OPTIONS_H
#define MEMTRAWL_CMD_SUPPRESSION_OPTIONS_H

#include "analyze/suppressions.h"
#include "cmd/options.h"

struct suppression_options {
	const char *path; /* NULL: none are known */
};

struct option_group suppression_options__group(struct suppression_options *options);

/* Reads the file; *suppressions is the caller's, and NULL where no file was named. 0, or a negative errno with err. */
int suppression_options__read(const struct suppression_options *options, struct suppressions **suppressions,
			      struct error *err);

#endif
