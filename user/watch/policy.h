/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When a process earns a capture. Pure: times and figures come in, a decision goes out.
 *
 * A threshold is a level. To come to it is a crossing, of which there is one until the figure has been below nine
 * tenths of the level again (the hysteresis). A crossing leads to one capture; if that has to wait, because the last
 * one of the process was less than the least interval ago or others are under way, it is made up for as long as the
 * figure has not fallen back, and counts as skipped if it does.
 */
#ifndef MEMTRAWL_WATCH_POLICY_H
#define MEMTRAWL_WATCH_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#define POLICY_REARM 0.9 /* of a level */

/* In the order in which they are looked at: the first that is crossed is what the capture is for. */
enum policy_trigger {
	POLICY_LIMIT,  /* the memory limit that the process is under is nearly used up */
	POLICY_RSS,    /* resident bytes */
	POLICY_GROWTH, /* of them, in an hour */
	POLICY_TRIGGERS,
	POLICY_NOTHING = POLICY_TRIGGERS,
};

const char *policy__trigger_name(enum policy_trigger trigger); /* "limit", "rss", "growth" */

struct policy {
	uint64_t rss_bytes;       /* 0: not asked for */
	double rss_fraction;      /* of the limit, instead of rss_bytes; 0: not asked for */
	double growth_per_hour;   /* bytes; 0: not asked for */
	double limit_fraction;    /* of it that is used: 0.95; 0: not asked for */
	uint64_t min_interval_ns; /* between captures of a process */
};

/* What is known of a process now. */
struct policy_sight {
	uint64_t ns; /* CLOCK_MONOTONIC */
	uint64_t rss_bytes;
	bool growth_known;
	double growth_per_hour;
	uint64_t limit_bytes, used_bytes; /* of the tightest limit that it is under; 0: there is none */
	bool heaviest; /* of those under that limit: it is the one that POLICY_LIMIT is for, and that the kernel would
			  end */
};

/* What is remembered of a process. Begins as zeroes. */
struct policy_state {
	bool above[POLICY_TRIGGERS];   /* crossed, and not fallen back */
	bool waiting[POLICY_TRIGGERS]; /* and not captured for yet */
	uint64_t crossings, skipped;
	uint64_t captured_ns; /* when the last capture began; 0: never */
};

/* The level of a trigger, in its figure's unit; 0 if there is none for this process. */
double policy__level(const struct policy *policy, const struct policy_sight *sight, enum policy_trigger trigger);

/* Takes what is seen in. What a capture is due for, or POLICY_NOTHING; due again until policy__captured() is told. */
enum policy_trigger policy__look(const struct policy *policy, struct policy_state *state,
				 const struct policy_sight *sight);

/* A capture begins: every crossing that waited has got its own. */
void policy__captured(struct policy_state *state, uint64_t ns);

#endif
