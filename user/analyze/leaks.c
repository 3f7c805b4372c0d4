/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/leaks.h"

#include <math.h>

#include "analyze/report.h"

#define MEBIBYTE            (1024.0 * 1024)
#define CONFIDENCE_LEAST    0.05
#define PERSISTENCE_LEAST   0.1
#define PERSISTENCE_UNKNOWN 0.5

static double clamp_share(double share)
{
	return share < 0 ? 0 : share > 1 ? 1 : share;
}

static double share_of(uint64_t part, uint64_t whole)
{
	return whole ? clamp_share((double)part / (double)whole) : 0;
}

static double persistence_of(const struct report_counts *counts, double window_seconds, double older_seconds)
{
	double expected;

	if (counts->oldest_age_seconds < 0 || older_seconds <= 0 || older_seconds >= window_seconds)
		return PERSISTENCE_UNKNOWN;
	expected = 1 - older_seconds / window_seconds;
	return fmax(PERSISTENCE_LEAST, clamp_share(share_of(counts->older_bytes, counts->live_bytes) / expected));
}

static enum leak_severity severity_of(const struct leak *leak)
{
	double growth = leak->growth_bytes_per_hour * leak->confidence;

	if (leak->confidence < CONFIDENCE_LEAST)
		return LEAK_NONE;
	if (growth < 4 * MEBIBYTE)
		return LEAK_LOW;
	return growth < 64 * MEBIBYTE ? LEAK_MEDIUM : LEAK_HIGH;
}

struct leak leak__judge(const struct report_counts *counts, double window_seconds, double older_seconds)
{
	double live = (double)counts->live_bytes, objects = (double)counts->live_objects, certainty;
	struct leak leak = {.oldest_age_seconds = counts->oldest_age_seconds};

	if (!counts->live_bytes)
		return leak;
	leak.retained = fmin(share_of(counts->live_bytes, counts->alloc_bytes),
			     share_of(counts->live_objects, counts->alloc_objects));
	leak.persistence = persistence_of(counts, window_seconds, older_seconds);
	certainty = clamp_share(1 - counts->live_bytes_stderr / live);
	leak.confidence = leak.retained * leak.retained * leak.persistence * (objects / (objects + 1)) * certainty;
	leak.score = live * leak.confidence;
	if (window_seconds > 0)
		leak.growth_bytes_per_hour = live / window_seconds * 3600;
	leak.severity = severity_of(&leak);
	return leak;
}

const char *leak__severity_name(enum leak_severity severity)
{
	static const char *const names[] = {"none", "low", "medium", "high"};

	return names[severity];
}
