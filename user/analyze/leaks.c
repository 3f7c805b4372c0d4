/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/leaks.h"

#include <math.h>

#include "analyze/report.h"
#include "lib/array.h"

#define MEBIBYTE            (1024.0 * 1024)
#define PERSISTENCE_LEAST   0.1
#define PERSISTENCE_UNKNOWN 0.5
#define STEPWISE_SHARE      0.9 /* of the growth in a quarter of the looks */
#define CHURN               10
#define FEW_TURNOVERS       6
#define PAUSED_SHARE        0.2
#define LOST_AMONG          4

static double share_of(uint64_t part, uint64_t whole)
{
	return whole ? stats__share((double)part / (double)whole) : 0;
}

static double ramp(double x, double from, double to)
{
	return stats__share((x - from) / (to - from));
}

static double certainty_of(const struct report_counts *counts)
{
	return stats__share(1 - counts->live_bytes_stderr / (double)counts->live_bytes);
}

/* ---- by a trend */

/* Blocks that are there to stay; or ever more of them, and never fewer, however often each is replaced. */
static double stays(const struct trend *trend)
{
	double by_age = ramp(trend->lasting_high, 0.2, 0.6) * ramp(log10(trend->elders), -3, -1);
	double late = ramp(trend->late_lasting, 0.6, 0.9) * (1 - ramp(trend->drawdown, 0.3, 0.6));
	double by_number = ramp(trend->directness, 0.6, 0.9) * ramp(trend->excess, 2, 3);
	double no_chance = trend->turnover < FEW_TURNOVERS ? ramp(trend->excess, 0.5, 1.5) : 1;

	if (trend->late_growth_objects <= 0)
		return ramp(trend->directness, 0.2, 0.4);
	return fmax(fmax(by_age, late) * no_chance, by_number);
}

static double memory_of(const struct profile_look *look)
{
	return (double)look->rss.anon_bytes + (double)look->rss.swap_bytes;
}

/* By what the process as a whole did from the middle of the window to its end. */
static double unexplained_of(const struct trend_input *input, const struct trend *trend)
{
	const struct profile_look *last = &input->looks[input->look_count - 1], *middle = input->looks;
	double frees, blocks, by_blocks = 1, by_memory = 0;

	while (middle < last && middle->seconds < input->seconds / 2)
		middle++;
	frees = (double)last->unmatched_frees - (double)middle->unmatched_frees;
	blocks = (double)last->heap.live_objects - (double)middle->heap.live_objects - frees;
	if (frees <= 0)
		return 1;
	if (trend->late_growth_objects > 0)
		by_blocks = stats__share(blocks / trend->late_growth_objects);
	if (trend->late_growth_bytes > 0 && frees > LOST_AMONG * trend->late_growth_objects)
		by_memory = stats__share((memory_of(last) - memory_of(middle)) / trend->late_growth_bytes);
	return fmax(by_blocks, by_memory);
}

static double confidence_by_trend(const struct leak_input *input, const struct leak *leak)
{
	const struct trend *trend = &leak->trend;
	double highs = (double)trend->highs;

	return ramp(trend->test.z, 1.645, 3) * ramp(trend->steadiness_high, 0.5, 0.8) * stays(trend) *
	       (highs / (highs + 1.5)) * certainty_of(input->counts) * leak->unexplained;
}

static enum leak_pattern pattern_of(const struct leak_input *input, const struct leak *leak)
{
	const struct trend *trend = &leak->trend;

	if (!trend->known)
		return LEAK_UNKNOWN;
	if (leak->confidence >= LEAK_CONFIDENCE)
		return trend->step_share >= STEPWISE_SHARE ? LEAK_STEPWISE : LEAK_STEADY;
	if (trend->drawdown >= 0.5 && trend->lasting < 0.5)
		return LEAK_SAW_TOOTH;
	if (trend->test.z >= 3 && trend->steadiness_high < 0.8)
		return LEAK_FLATTENING;
	if (trend->test.z >= 3 && leak->unexplained < 0.5)
		return LEAK_REPLACING;
	if (trend->test.z >= 3)
		return LEAK_GROWING;
	if (trend->slope.low > 0)
		return LEAK_UNKNOWN;
	return input->counts->alloc_bytes / CHURN > input->counts->live_bytes ? LEAK_CHURN : LEAK_STABLE;
}

/* ---- without one */

static double persistence_of(const struct leak_input *input)
{
	const struct report_counts *counts = input->counts;
	double expected;

	if (counts->oldest_age_seconds < 0 || input->older_seconds <= 0 || input->older_seconds >= input->trend.seconds)
		return PERSISTENCE_UNKNOWN;
	expected = 1 - input->older_seconds / input->trend.seconds;
	return fmax(PERSISTENCE_LEAST, stats__share(share_of(counts->older_bytes, counts->live_bytes) / expected));
}

static double confidence_by_ages(const struct leak_input *input, const struct leak *leak)
{
	double objects = (double)input->counts->live_objects;

	return leak->retained * leak->retained * persistence_of(input) * (objects / (objects + 1)) *
	       certainty_of(input->counts);
}

/* ---- both */

static void set_growth(const struct leak_input *input, struct leak *leak)
{
	const struct stats_slope *slope = &leak->trend.slope;

	if (leak->trend.known) {
		leak->growth_bytes_per_hour = fmax(0, slope->slope) * 3600;
		leak->growth_low = fmax(0, slope->low) * 3600;
		leak->growth_high = fmax(0, slope->high) * 3600;
	} else if (input->trend.seconds > 0) {
		leak->growth_bytes_per_hour = (double)input->counts->live_bytes / input->trend.seconds * 3600;
		leak->growth_low = leak->growth_high = leak->growth_bytes_per_hour;
	}
}

static enum leak_severity severity_of(const struct leak_input *input, const struct leak *leak)
{
	static const double growths[] = {4 * MEBIBYTE, 64 * MEBIBYTE, 1024 * MEBIBYTE}; /* an hour */
	static const double hours[] = {90 * 24, 7 * 24, 24};
	const struct profile_limit *limit = input->limit;
	int severity = LEAK_LOW;
	double room;

	if (leak->confidence < LEAK_CONFIDENCE)
		return LEAK_NONE;
	room = limit->limit_bytes > limit->used_bytes ? (double)(limit->limit_bytes - limit->used_bytes) : 0;
	for (size_t i = 0; i < ARRAY_SIZE(growths); i++)
		severity += limit->limit_bytes ? leak->score * hours[i] > room : leak->score >= growths[i];
	return (enum leak_severity)severity;
}

/* A site of which no block is in any class has none that was there when that was looked for. */
static double unreachable_of(const struct leak_input *input)
{
	const struct profile_blocks *reach = input->counts->reach;
	uint64_t lost = reach[REACH_DEFINITE].bytes + reach[REACH_INDIRECT].bytes;
	uint64_t all = lost + reach[REACH_POSSIBLY].bytes + reach[REACH_REACHABLE].bytes;

	return input->reach_known && all ? share_of(lost, all) : -1;
}

struct leak leak__judge(const struct leak_input *input)
{
	const struct report_counts *counts = input->counts;
	struct leak leak = {.oldest_age_seconds = counts->oldest_age_seconds,
			    .trend.test.p = 1,
			    .unexplained = 1,
			    .unreachable = -1};

	if (!counts->live_bytes)
		return leak;
	leak.retained = fmin(share_of(counts->live_bytes, counts->alloc_bytes),
			     share_of(counts->live_objects, counts->alloc_objects));
	if (input->paused_seconds <= input->trend.seconds * PAUSED_SHARE)
		leak.trend = trend__of(&input->trend);
	if (leak.trend.known) {
		leak.unexplained = unexplained_of(&input->trend, &leak.trend);
		leak.confidence = confidence_by_trend(input, &leak);
	} else {
		leak.confidence = confidence_by_ages(input, &leak);
	}
	leak.unreachable = unreachable_of(input);
	leak.confidence = fmax(leak.confidence, leak.unreachable);
	set_growth(input, &leak);
	leak.projected_24h = (double)counts->live_bytes + 24 * leak.growth_bytes_per_hour;
	leak.score = leak.growth_bytes_per_hour * leak.confidence;
	leak.severity = severity_of(input, &leak);
	leak.pattern = pattern_of(input, &leak);
	return leak;
}

const char *leak__severity_name(enum leak_severity severity)
{
	static const char *const names[] = {"none", "low", "medium", "high", "critical"};

	return names[severity];
}

const char *leak__pattern_name(enum leak_pattern pattern)
{
	static const char *const names[] = {
		[LEAK_UNKNOWN] = "unclear",       [LEAK_STEPWISE] = "stepwise leak",
		[LEAK_STEADY] = "steady leak",    [LEAK_SAW_TOOTH] = "saw-tooth",
		[LEAK_FLATTENING] = "flattening", [LEAK_REPLACING] = "replacing",
		[LEAK_GROWING] = "growing",       [LEAK_CHURN] = "churn",
		[LEAK_STABLE] = "no growth",
	};

	return names[pattern];
}
