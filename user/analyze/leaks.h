/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much a site looks like a leak, judged from one window of observation. The terms of trends are those of
 * analyze/trend.h; ramp(x, a, b) is 0 up to a and 1 from b on, and a straight line between them.
 *
 *	confidence = grows x steady x stays x repetition x certainty x unexplained		in [0, 1]
 *
 *	grows	    ramp(z, 1.645, 3): the test of Mann and Kendall, by which what does not grow gets there once in 20
 *		    and in 700 times
 *	steady	    ramp(steadiness_high, 0.5, 0.8): what has become full, or warm, grows no more
 *	stays	    ramp(lasting_high, 0.2, 0.6) x ramp(log10 elders, -3, -1): what is freed after a time has no old
 *		    blocks. Or, if it is more, ramp(late_lasting, 0.6, 0.9) x (1 - ramp(drawdown, 0.3, 0.6)), for
 *		    what began to leak in the window; batches have none from before the last one, but fall.
 *		    Both x ramp(excess, 0.5, 1.5), if the turnover is below 6: a few more allocations than frees are
 *		    chance. Or, if it is more, ramp(directness, 0.6, 0.9) x ramp(excess, 2, 3): where there are ever
 *		    more blocks, and never fewer, it does not matter that each is replaced before it is old. Where the
 *		    number of blocks does not grow, it is ramp(directness, 0.2, 0.4) instead: then it is blocks that
 *		    grow (realloc), which are never old, or as many of random sizes
 *	repetition  n / (n + 1.5) for n looks that saw more than ever before: one rise is no trend
 *	certainty   1 - standard error / live bytes, not below 0: of sampling
 *	unexplained what of its growth is not that of a cache which was full when tracing began, and only replaces
 *		    blocks from before. Those are freed, too, and it is not known whose they were; so of the site's
 *		    growth in blocks there is at most as much as the whole process grew by: all live blocks, less
 *		    those frees. Where there were so many of those frees that the site's growth is lost in them
 *		    (fourfold), it may also be the part that the process's anonymous memory grew by
 *
 * A window with too few looks for a trend, or of which a fifth was not watched to hold the budget, has
 *
 *	confidence = retained^2 x persistence x n / (n + 1) x certainty
 *
 *	retained    the share of what was allocated in the window that still lives, by bytes or by objects, whichever is
 *		    less: 1 for a leak, near 0 for a cache that turns over. Squared, since a cache is large.
 *	persistence the share of live bytes in blocks at least as old as the threshold, relative to what a steady leak
 *		    would have (1 - threshold / window), within [0.1, 1]: buffers in flight are young. 0.5 if ages are
 *		    not known.
 *	n	    live objects
 *
 * Where it was looked for what leads to its blocks (analyze/reach.h), confidence is not below the share of them that
 * nothing does, by bytes: those cannot be freed any more. From LEAK_PROVEN on the leak is proven.
 */
#ifndef MEMTRAWL_ANALYZE_LEAKS_H
#define MEMTRAWL_ANALYZE_LEAKS_H

#include <stdint.h>

#include "analyze/trend.h"

/*
 * By when the limit that the process is under is reached if it is this site's likely growth that gets there (growth x
 * confidence); where no limit is known, by that growth itself.
 */
enum leak_severity {
	LEAK_NONE,     /* confidence below LEAK_CONFIDENCE: no leak, as far as could be seen */
	LEAK_LOW,      /* in 90 days or more; below 4 MiB an hour */
	LEAK_MEDIUM,   /* in a week or more; below 64 MiB an hour */
	LEAK_HIGH,     /* in a day or more; below 1 GiB an hour */
	LEAK_CRITICAL, /* sooner; more */
};

#define LEAK_CONFIDENCE 0.5
#define LEAK_PROVEN     0.5

/* What became of a site's memory in the window, in the order in which they are asked for: the first that holds. */
enum leak_pattern {
	LEAK_UNKNOWN,    /* too few looks, or not watched all the time; or it may grow, but that is not sure (yet) */
	LEAK_STEPWISE,   /* a leak (confidence of LEAK_CONFIDENCE or more) that grows by bursts */
	LEAK_STEADY,     /* another leak */
	LEAK_SAW_TOOTH,  /* it fell by half or more, and has been as high again: batches */
	LEAK_FLATTENING, /* it grew, and does less or no more so: a cache, a pool, a warm-up */
	LEAK_REPLACING,  /* it grows as blocks from before tracing are freed */
	LEAK_GROWING,    /* it grows, but what it holds does not stay */
	LEAK_CHURN,      /* it does not, and frees ten times what it holds */
	LEAK_STABLE,     /* it does not grow */
};

struct leak {
	double score;      /* likely bytes an hour: growth x confidence */
	double confidence; /* 0 to 1 */
	enum leak_severity severity;
	enum leak_pattern pattern;
	/* Of live bytes, not below 0, with its 95 % interval. Without a trend all three are live bytes / window. */
	double growth_bytes_per_hour, growth_low, growth_high;
	double projected_24h;      /* bytes that will live in a day, if it grows on like that */
	double oldest_age_seconds; /* negative: unknown */
	double retained;           /* 0 to 1 */
	double unexplained;        /* 0 to 1 */
	double unreachable; /* the share of its live bytes that is definitely or indirectly lost; negative: unknown */
	struct trend trend;
};

struct report_counts;

struct leak_input {
	const struct report_counts *counts;
	struct trend_input trend;
	double older_seconds;  /* the threshold that counts->older_bytes was counted with; 0 if it was not */
	double paused_seconds; /* allocations were not watched for so long */
	const struct profile_limit *limit;
	bool reach_known; /* counts->reach is */
};

struct leak leak__judge(const struct leak_input *input);

const char *leak__severity_name(enum leak_severity severity); /* "high" */
const char *leak__pattern_name(enum leak_pattern pattern);    /* "steady leak" */

#endif
