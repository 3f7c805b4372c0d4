/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report: what a person or a program is to be shown of a profile, of two profiles' difference, or of a profile's
 * leak suspects. Everything under user/render/ reads this and nothing else.
 *
 * Its texts are those of the profiles and source lines it was made from, which must outlive it.
 */
#ifndef MEMTRAWL_ANALYZE_REPORT_H
#define MEMTRAWL_ANALYZE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyze/drift.h"
#include "analyze/jumps.h"
#include "analyze/leaks.h"
#include "analyze/outlook.h"
#include "analyze/suppressions.h"
#include "profile/diff.h"
#include "profile/profile.h"
#include "symbols/source_lines.h"

enum report_kind { REPORT_PROFILE, REPORT_DIFF, REPORT_LEAKS, REPORT_REACH };

/* In the order of the words that --group-by takes. */
enum report_group { GROUP_LINE, GROUP_FUNCTION, GROUP_FILE, GROUP_OBJECT, GROUP_STACK };

/* In the order of the words that --sort takes. In a diff, all but growth go by the size of the change. */
enum report_sort {
	SORT_LIVE,
	SORT_ALLOC,
	SORT_OBJECTS, /* live objects */
	SORT_PEAK,
	SORT_GROWTH, /* what live bytes grew by: most growth first, most shrinking last; of leaks: growth an hour */
	SORT_AGE,    /* of the oldest live block */
	SORT_TEMPORARY,
	SORT_SCORE, /* of leaks */
	SORT_LOST,  /* definitely lost bytes, with what is lost behind them; then possibly lost ones */
};

struct report_request {
	enum report_group group;
	enum report_sort sort;
	uint64_t top_n;       /* rows at most; 0: all */
	uint64_t min_bytes;   /* rows with fewer live bytes (in a diff: that changed by less) are left out */
	double older_seconds; /* stacks without a live block that old are left out; 0: none are */
	bool significant;     /* in a diff: rows that changed by no more than chance are left out */
	const char *filter;   /* stacks are left out whose frames do not hold this text; NULL: none are */
	const struct source_lines *sources;      /* frames get their line's text; NULL: they do not */
	const struct suppressions *suppressions; /* stacks that they match are left out; NULL: none are */
};

/* One line of a stack: an inlined function, a function, an address without a name, or a note such as "[truncated]". */
struct report_frame {
	const char *function; /* NULL if unknown */
	const char *file;     /* of the source; NULL if unknown */
	uint32_t line;        /* 0 if unknown */
	const char *source;   /* the line's text; NULL if unknown, or not asked for */
	const char *object;   /* file of the mapping; NULL outside all files */
	const char *build_id; /* NULL if unknown */
	uint64_t offset;      /* return address - 1, relative to the file; the address outside all files */
	bool has_offset;      /* false for notes, and where a row stands for more than one place */
	bool inlined;         /* into the function that follows */
};

/* As in struct profile_site. */
struct report_counts {
	uint64_t live_bytes, live_objects;
	uint64_t alloc_bytes, alloc_objects;
	uint64_t free_bytes, free_objects;
	uint64_t peak_bytes, temporary_objects, resident_bytes, swapped_bytes, older_bytes;
	uint64_t births[PROFILE_BIRTHS];
	struct profile_blocks reach[REACH_CLASSES], behind;
	double live_bytes_stderr;
	double oldest_age_seconds; /* negative: unknown, or nothing lives */
	size_t stacks;             /* how many were added up here */
};

struct report_row {
	uint64_t id;                       /* of the site by stack; else a hash of what the row stands for */
	struct report_counts counts;       /* of the profile; of the later one in a diff */
	struct report_counts before;       /* in a diff: of the earlier one */
	const struct report_frame *frames; /* by stack: innermost first; else the one frame that the row stands for */
	size_t frame_count;
	const struct profile_point
		*points;    /* one for each look at the process; NULL in a diff, and where none were taken */
	struct leak leak;   /* in a report of leaks */
	struct drift drift; /* in a diff */
};

/* What a report says about a profile as a whole. */
struct report_subject {
	struct profile_process process;
	enum profile_source source;
	int64_t start_ns, end_ns;
	double seconds, older_seconds;
	const char *end_reason;
	const struct profile_trigger *trigger;
	struct profile_sampling sampling;
	struct profile_rss rss;
	struct profile_limit limit;       /* its name is the profile's */
	struct profile_resident resident; /* its names are the profile's */
	struct profile_totals totals;
	struct profile_reach reach;
	struct profile_activity activity;
	uint64_t loss[MT_LOSS_MAX];
	const struct profile_look *looks; /* the profile's */
	size_t look_count;
};

/* What a suppression left out. */
struct report_suppressed {
	const char *pattern; /* the suppressions' */
	uint64_t stacks, live_bytes, live_objects;
	uint64_t lost_bytes; /* definitely, and what only those lead to */
};

enum { REPORT_MOVERS = 3 };

/* A row that moved in a jump. */
struct report_mover {
	uint64_t id;
	const struct report_frame *frames; /* the row's */
	size_t frame_count;
	int64_t live_bytes; /* by which it did */
};

struct report_jump {
	struct jump jump;
	struct report_mover movers[REPORT_MOVERS]; /* those that moved most, the first one by the most */
	size_t mover_count;
};

/* Memory that the process mapped by itself. In the counts, an object is a mapping. */
struct report_mapped {
	bool known; /* it was looked at; never in a diff */
	struct profile_totals totals;
	struct report_row *rows; /* by stack, most live bytes first */
	size_t row_count;
	struct report_counts others; /* what no row shows */
};

struct report {
	enum report_kind kind;
	struct report_request request;
	struct report_subject subject; /* of the profile; of the later one in a diff */
	struct report_subject before;  /* in a diff: of the earlier one */
	struct report_row *rows;
	size_t row_count;
	/* What no row shows (and what has no stack at all), so that rows and others add up to the totals. */
	struct report_counts others, others_before;
	struct report_mapped mapped;
	size_t moved, grown; /* in a diff: rows that changed significantly, shown or not; and of them those that grew */
	double explained;    /* in a diff: of the growth of the RSS, by the rows; 0 to 1, negative where nothing grew */
	enum leak_severity worst; /* of leaks: of all that are neither suppressed nor left out, shown or not */
	struct report_suppressed *suppressed; /* one for each suppression */
	size_t suppressed_count;
	struct profile_blocks reach[REACH_CLASSES]; /* of all sites */
	bool course; /* it is told how it came to be like that: of leaks, and of a profile with looks */
	struct report_jump *jumps;
	size_t jump_count;
	struct outlook outlook;        /* where no looks were taken, nothing is known */
	struct frame_list *frame_list; /* owns the rows' frames */
	struct profile_point *points;  /* those of the rows */
};

/* Of one profile. 0, or -ENOMEM with err. The caller frees *report. */
int report__new(enum report_kind kind, const struct profile *profile, const struct report_request *request,
		struct report **report, struct error *err);

/* Of two. */
int report__new_diff(const struct profile *before, const struct profile *after, const struct report_request *request,
		     struct report **report, struct error *err);

void report__free(struct report *report);

/* There is something that no row shows. */
bool report__has_others(const struct report *report);

/* "stack", as --group-by has it. */
const char *report__group_name(enum report_group group);

#endif
