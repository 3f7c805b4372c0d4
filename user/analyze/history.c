/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/history.h"

static void thin(struct history *history)
{
	struct history_point *points = history->points;
	uint32_t last = history->count - 1, kept = 0;
	uint64_t average = (points[last].ns - points[0].ns) / last;

	if (!history->spacing_ns)
		history->slack_ns = average / 4;
	history->spacing_ns = history->spacing_ns ? 2 * history->spacing_ns : 2 * average;
	for (uint32_t i = 0; i < last; i += 2)
		points[kept++] = points[i];
	points[kept++] = points[last];
	history->count = kept;
}

/* Whether the newest point only stands for what has not come yet. */
static bool newest_is_too_near(const struct history *history)
{
	const struct history_point *points = history->points;
	uint32_t count = history->count;

	return count >= 2 && points[count - 1].ns - points[count - 2].ns + history->slack_ns < history->spacing_ns;
}

void history__add(struct history *history, uint64_t ns, uint64_t bytes)
{
	if (history->count == HISTORY_POINTS && !newest_is_too_near(history))
		thin(history);
	if (newest_is_too_near(history))
		history->count--;
	history->points[history->count++] = (struct history_point){.ns = ns, .bytes = bytes};
}

bool history__growth(const struct history *history, uint64_t since_ns, double *bytes_per_hour)
{
	const struct history_point *points = history->points;
	double mean_x = 0, mean_y = 0, xy = 0, xx = 0;
	uint32_t first = 0, n;

	while (first + 2 < history->count && points[first].ns < since_ns)
		first++;
	n = history->count - first;
	if (n < 2)
		return false;
	for (uint32_t i = first; i < history->count; i++) {
		mean_x += (double)(points[i].ns - points[first].ns) / n;
		mean_y += ((double)points[i].bytes - (double)points[first].bytes) / n;
	}
	for (uint32_t i = first; i < history->count; i++) {
		double x = (double)(points[i].ns - points[first].ns) - mean_x;

		xx += x * x;
		xy += x * ((double)points[i].bytes - (double)points[first].bytes - mean_y);
	}
	if (!(xx > 0))
		return false;
	*bytes_per_hour = xy / xx * 3600e9;
	return true;
}
