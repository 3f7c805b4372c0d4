/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/trend.h"

#include <math.h>
#include <stdlib.h>

static double seconds_at(const struct trend_input *input, size_t i)
{
	return input->looks[i].seconds;
}

static double live_at(const struct trend_input *input, size_t i)
{
	return (double)input->points[i].live_bytes;
}

/* The first look at or after a time. */
static size_t look_at(const struct trend_input *input, double seconds)
{
	size_t i = 0;

	while (i + 1 < input->look_count && seconds_at(input, i) < seconds)
		i++;
	return i;
}

/* ---- slope */

static void set_slope(const struct trend_input *input, struct trend *trend)
{
	struct stats_point points[STATS_POINTS_MAX];
	size_t count = 0;

	for (size_t i = look_at(input, input->seconds / 3); i < input->look_count && count < STATS_POINTS_MAX; i++)
		points[count++] = (struct stats_point){seconds_at(input, i), live_at(input, i)};
	if (!stats__theil_sen(points, count, &trend->slope))
		trend->slope = (struct stats_slope){0};
	trend->test = stats__mann_kendall(points, count);
	trend->r_squared = stats__r_squared(points, count);
}

/* ---- the floor */

/* At look i. */
static double floor_of(const struct trend_input *input, size_t i)
{
	double least = live_at(input, i);

	for (i++; i < input->look_count; i++)
		least = fmin(least, live_at(input, i));
	return least;
}

/* What it rose by between two looks, and the sum of the squares by which each rise differs from the mean one. */
struct rise {
	double sum, squares;
	size_t count;
};

static struct rise rise_of(const struct trend_input *input, size_t first, size_t last)
{
	struct rise rise = {.count = last > first ? last - first : 0};
	double before = floor_of(input, first), mean, now;

	rise.sum = floor_of(input, last) - before;
	mean = rise.count ? rise.sum / (double)rise.count : 0;
	for (size_t i = first + 1; i <= last; i++, before = now) {
		now = floor_of(input, i);
		rise.squares += (now - before - mean) * (now - before - mean);
	}
	return rise;
}

/* Of the last sixth of the window it cannot be told yet what stays: it is not asked. */
static void set_steadiness(const struct trend_input *input, struct trend *trend)
{
	size_t start = look_at(input, input->seconds / 6), middle = look_at(input, input->seconds / 2),
	       end = look_at(input, input->seconds * 5 / 6);
	struct rise early = rise_of(input, start, middle), late = rise_of(input, middle, end);
	double ratio, error;

	if (!(early.sum > 0)) {
		trend->steadiness = trend->steadiness_high = late.sum > 0;
		return;
	}
	ratio = late.sum / early.sum;
	/* a sum of n has n times the variance of one, which is the squares' sum over both by 2 n */
	error = sqrt((early.squares + late.squares) / 2 * (1 + ratio * ratio)) / early.sum;
	trend->steadiness = stats__share(ratio);
	trend->steadiness_high = stats__share(ratio + error);
}

/* ---- survival */

/* Of alloc_bytes, between looks by a straight line. */
static double allocated_at(const struct trend_input *input, double seconds)
{
	size_t i = look_at(input, seconds);
	double from, to, part;

	to = (double)input->points[i].alloc_bytes;
	if (!i || seconds_at(input, i) <= seconds)
		return to;
	from = (double)input->points[i - 1].alloc_bytes;
	part = (seconds - seconds_at(input, i - 1)) / (seconds_at(input, i) - seconds_at(input, i - 1));
	return from + (to - from) * stats__share(part);
}

/* Live bytes of those that were allocated in some parts of the window. */
static double born_in(const struct trend_input *input, int first, int limit)
{
	double bytes = 0;

	for (int i = first; i < limit; i++)
		bytes += (double)input->births[i];
	return bytes;
}

static double survival(const struct trend_input *input, int first, int limit)
{
	double part = input->seconds / PROFILE_BIRTHS;
	double allocated = allocated_at(input, limit * part) - allocated_at(input, first * part);

	return allocated > 0 ? stats__share(born_in(input, first, limit) / allocated) : 0;
}

/*
 * How many of those blocks there are that do not depend on each other, such as the parts of one list do: their number,
 * by what it varies more from part to part than by chance (its variance by its mean, Fisher's index of dispersion).
 */
static double independent(const struct trend_input *input, int first, int limit)
{
	double mean, variance = 0, parts, bytes = born_in(input, first, limit);

	while (first < limit && !input->births[first]) /* none was made yet */
		first++;
	parts = limit - first;
	if (!(bytes > 0))
		return 0;
	mean = bytes / input->block_bytes / parts;
	for (int i = first; i < limit; i++)
		variance += pow((double)input->births[i] / input->block_bytes - mean, 2) / parts;
	return mean * parts / fmax(1, variance / mean);
}

/* By thirds of the parts from `from` on; *high is set to what it is with one standard error. */
static double lasting_from(const struct trend_input *input, int from, double *high)
{
	int third = (PROFILE_BIRTHS - from) / 3, middle = from + third, end = middle + third;
	double first = survival(input, from, middle), second = survival(input, middle, end), error;

	*high = 0;
	if (!(first > 0) || !(second > 0))
		return 0;
	error = sqrt(1 / independent(input, from, middle) + 1 / independent(input, middle, end));
	*high = stats__share(first / second * exp(error));
	return stats__share(first / second);
}

static void set_lasting(const struct trend_input *input, struct trend *trend)
{
	double high;
	int onset = 0;

	trend->lasting = lasting_from(input, 0, &trend->lasting_high);
	while (onset < PROFILE_BIRTHS && !input->births[onset])
		onset++;
	if (onset > 0 && onset < PROFILE_BIRTHS / 2)
		trend->late_lasting = lasting_from(input, onset, &high);
}

/* The look by which the first was allocated: not before that, or it would count as missing that nothing is as old. */
static double begin_of(const struct trend_input *input)
{
	size_t i = 1;

	while (i + 1 < input->look_count && input->points[i].alloc_bytes == input->points[0].alloc_bytes)
		i++;
	return seconds_at(input, i);
}

static void set_elders(const struct trend_input *input, struct trend *trend)
{
	double whole = input->seconds - begin_of(input), part = input->seconds / PROFILE_BIRTHS;
	int limit = (int)fmin((input->seconds - whole / 2) / part, PROFILE_BIRTHS);
	double blocks = independent(input, 0, limit);
	double beyond = (input->oldest_seconds - whole / 2) / (whole / 2);

	trend->elders = beyond > 0 ? pow(fmin(beyond, 1), blocks) : 0;
}

/* ---- growth late in the window */

static double median_of(const struct trend_input *input, size_t first, size_t limit, bool objects)
{
	double values[STATS_POINTS_MAX];
	size_t count = 0;

	for (size_t i = first; i < limit && count < STATS_POINTS_MAX; i++)
		values[count++] = objects ? (double)input->points[i].live_objects : live_at(input, i);
	return count ? stats__median(values, count) : 0;
}

/* From the median of the looks about the middle to that of as many at the end. */
static double late_growth(const struct trend_input *input, bool objects)
{
	size_t middle = look_at(input, input->seconds / 2), width = input->look_count / 12;

	return median_of(input, input->look_count - 1 - width, input->look_count, objects) -
	       median_of(input, middle > width ? middle - width : 0, middle + width + 1, objects);
}

/* How much more came than went there, by what would be chance. */
static void set_excess(const struct trend_input *input, struct trend *trend)
{
	const struct profile_point *last = &input->points[input->look_count - 1],
				   *middle = &input->points[look_at(input, input->seconds / 2)];
	double net = (double)last->live_objects - (double)middle->live_objects;
	double allocated = (double)last->alloc_objects - (double)middle->alloc_objects;
	double both = allocated + fmax(0, allocated - net);

	if (!(both > 0) || !last->live_objects)
		return;
	trend->excess = net / sqrt(both);
	trend->turnover = both / (double)last->live_objects;
}

/* ---- shape */

static void set_directness(const struct trend_input *input, struct trend *trend)
{
	size_t first = look_at(input, input->seconds / 3), last = input->look_count - 1;
	double changes = 0;

	for (size_t i = first; i < last; i++)
		changes += fabs(live_at(input, i + 1) - live_at(input, i));
	if (changes > 0)
		trend->directness = (live_at(input, last) - live_at(input, first)) / changes;
}

static int descending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? 1 : x > y ? -1 : 0;
}

static void set_shape(const struct trend_input *input, struct trend *trend)
{
	double rises[STATS_POINTS_MAX] = {0}, high = 0, sum = 0, largest = 0;
	size_t first = look_at(input, input->seconds / 3), looks = 0;

	for (size_t i = 0; i < input->look_count; i++) {
		double live = live_at(input, i), rise = live - high;

		if (i >= first && looks < STATS_POINTS_MAX)
			rises[looks++] = rise > 0 ? rise : 0;
		if (i >= first && rise > 0) {
			trend->highs++;
			sum += rise;
		}
		high = fmax(high, live);
		if (high > 0)
			trend->drawdown = fmax(trend->drawdown, (high - live) / high);
	}
	qsort(rises, looks, sizeof(*rises), descending);
	for (size_t i = 0; i < (looks + 3) / 4; i++)
		largest += rises[i];
	trend->step_share = sum > 0 ? largest / sum : 0;
}

struct trend trend__of(const struct trend_input *input)
{
	struct trend trend = {.test.p = 1};

	if (input->look_count < TREND_LOOKS_LEAST || !input->points || !(input->seconds > 0) ||
	    !(input->block_bytes > 0))
		return trend;
	trend.known = true;
	set_slope(input, &trend);
	set_steadiness(input, &trend);
	set_lasting(input, &trend);
	set_elders(input, &trend);
	trend.late_growth_bytes = late_growth(input, false);
	trend.late_growth_objects = late_growth(input, true);
	set_excess(input, &trend);
	set_directness(input, &trend);
	set_shape(input, &trend);
	return trend;
}
