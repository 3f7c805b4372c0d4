/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that mean the same on every verb that prints a profile, and on every verb that uses the store. */
#ifndef MEMTRAWL_CMD_REPORT_OPTIONS_H
#define MEMTRAWL_CMD_REPORT_OPTIONS_H

#include <sys/types.h>

#include "analyze/report.h"
#include "cmd/options.h"
#include "profile/store.h"

/* In the order of the words that --format takes. Those from FORMAT_FOLDED on are for profiles only, not for tables. */
enum output_format { FORMAT_TEXT, FORMAT_JSON, FORMAT_CSV, FORMAT_FOLDED, FORMAT_HTML, FORMAT_PPROF };

#define OPTION_NOT_GIVEN (-1) /* of a choice */
#define TOP_N_NOT_GIVEN  UINT64_MAX
#define TOP_N_DEFAULT    20 /* of text; other formats hold all rows unless told otherwise */

struct report_options {
	int group;      /* enum report_group; not given: by stack */
	uint64_t top_n; /* 0: all */
	uint64_t min_bytes;
	uint64_t older_ns;
	int sort; /* enum report_sort; not given: by what the verb is about */
	const char *filter;
	bool significant;                        /* of a diff: only sites that changed by more than chance */
	const struct source_lines *sources;      /* not an option: what `show --source` has read */
	const struct suppressions *suppressions; /* not an option here, but of the verbs that tell leaks */
};

struct document_set;

struct output_options {
	const char *path;          /* NULL: standard output */
	int format;                /* enum output_format; not given: by the path's extension, else text */
	bool json;                 /* the same as --format json */
	const char *on_leak;       /* not an option here: the command for a finding; NULL: none */
	enum leak_severity *worst; /* not an option: of all leaks reported, the worst is noted there; may be NULL */
	bool *drifted;             /* not an option: set if a site of a diff holds significantly more; may be NULL */
	struct document_set *set;  /* not an option: what is written to standard output gathers there (cmd/output.h) */
};

struct store_options {
	const char *directory;
	uint64_t keep; /* 0: all */
};

#define REPORT_OPTIONS_DEFAULT                                                                                         \
	{                                                                                                              \
		.group = OPTION_NOT_GIVEN, .top_n = TOP_N_NOT_GIVEN, .sort = OPTION_NOT_GIVEN                          \
	}
#define OUTPUT_OPTIONS_DEFAULT                                                                                         \
	{                                                                                                              \
		.format = OPTION_NOT_GIVEN                                                                             \
	}
#define STORE_OPTIONS_DEFAULT                                                                                          \
	{                                                                                                              \
		.directory = STORE_DIRECTORY                                                                           \
	}

/* Each as a struct option_group for options__parse(). */
struct option_group report_options__group(struct report_options *options);
struct option_group output_options__group(struct output_options *options);
struct option_group store_options__group(struct store_options *options);      /* --store and --keep */
struct option_group store_options__read_group(struct store_options *options); /* --store only */

/* The format that is asked for. A usage error if --json and --format contradict each other. */
int output_options__format(const struct output_options *options, enum output_format *format, struct error *err);

/* The same for what is a table and no profile: text, json or csv; `what` begins the usage error for another. */
int output_options__table_format(const struct output_options *options, const char *what, enum output_format *format,
				 struct error *err);

/*
 * Where the report on a further process of several goes: to a file beside the first one's, with the pid before the
 * extension, x.812.json for x.json. Standard output and devices are shared: *path is NULL then. Else it is malloc'ed.
 * Returns 0 or -ENOMEM with err.
 */
int output_options__further(const struct output_options *options, pid_t pid, char **path, struct error *err);

#endif
