/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a profile and the options to what is printed or written: the last step of every verb that shows one. */
#ifndef MEMTRAWL_CMD_OUTPUT_H
#define MEMTRAWL_CMD_OUTPUT_H

#include "analyze/report.h"
#include "cmd/report_options.h"
#include "lib/buf.h"
#include "render/render.h"

/*
 * Reports on one profile, as REPORT_PROFILE or REPORT_LEAKS, and writes it where and how the options say: to standard
 * output (text is cut to a terminal's width), or to a file, which is replaced whole. pprof is always the whole profile.
 * Returns 0 or a negative errno with err.
 */
int output__profile(enum report_kind kind, const struct profile *profile, const struct report_options *options,
		    const struct output_options *output, struct error *err);

/* Whether reports on so many processes can go where the options say, in that format: to be asked before one waits for
 * them. 0, or a usage error. */
int output__check(const struct output_options *output, size_t count, struct error *err);

/* What output__profile() would ask a report for. */
struct report_request output__request(const struct report_options *options, enum report_kind kind,
				      enum output_format format);

/* The same for what changed from one to the other. Without --group-by: by stack, but by function across builds. */
int output__diff(const struct profile *before, const struct profile *after, const struct report_options *options,
		 const struct output_options *output, struct error *err);

int output__list(const struct listing *listing, const struct output_options *output, struct error *err);

/* Writes finished bytes to the options' file or to standard output. For documents of a verb's own. */
int output__write(const struct buf *buf, const struct output_options *output, struct error *err);

/*
 * JSON on standard output is one document, also of several processes: "memtrawl.set/1", whose member "documents" holds
 * theirs. Use: output__begin_set() for `count` of them, which does nothing for one, for files and for other formats;
 * write each with those options; output__end_set() in any case.
 */
struct document_set {
	struct buf text;
	size_t count;
};

void output__begin_set(struct document_set *set, size_t count, struct output_options *output);
int output__end_set(struct document_set *set, struct output_options *output, struct error *err);

/* Columns of the terminal that text would be written to; 0 if it would not go to one. */
size_t output__width(const struct output_options *output);

#endif
