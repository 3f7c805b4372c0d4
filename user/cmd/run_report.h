/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `run` writes when the command has ended: of it, and of the children that were followed. */
#ifndef MEMTRAWL_CMD_RUN_REPORT_H
#define MEMTRAWL_CMD_RUN_REPORT_H

#include "cmd/looking.h"
#include "cmd/report_options.h"
#include "trace/reached.h"
#include "trace/session.h"

/* All borrowed. */
struct run_report {
	char **command; /* NULL-terminated */
	int wait_status;
	const struct session *session; /* that has ended */
	const struct looking *looking;
	const struct reached *reached; /* of the command, at its exit; NULL: it was not looked at */
	const struct suppressions *suppressions;
	const struct report_options *report;
	const struct output_options *output;
};

/*
 * Writes it where the options say, text to standard error. *leaked becomes the bytes that are live or, where that is
 * known, lost, without those of known leaks.
 */
int run_report__write(const struct run_report *run, uint64_t *leaked, struct error *err);

#endif
