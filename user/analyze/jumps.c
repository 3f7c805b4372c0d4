/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/jumps.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "profile/looks.h"

enum { DEVIATIONS_MAX = 1000 }; /* where nothing moved before, any change is infinitely many */

/* One of the series: a number at each look. */
struct course {
	const struct profile_look *looks;
	bool of_rss;
	bool jumped[LOOKS_MAX]; /* in the interval that ends with the look */
};

static double level(const struct course *course, size_t i)
{
	const struct profile_look *look = &course->looks[i];

	return (double)(course->of_rss ? look->rss.current_bytes : look->heap.live_bytes);
}

static double rate(const struct course *course, size_t i)
{
	double seconds = course->looks[i].seconds - course->looks[i - 1].seconds;

	return seconds > 0 ? (level(course, i) - level(course, i - 1)) / seconds : 0;
}

/* Mean and standard deviation of the rates before look i; false if there are too few. */
static bool expectation(const struct course *course, size_t i, double *mean, double *deviation)
{
	double sum = 0, squares = 0;
	int count = 0;

	for (size_t j = i - 1; j >= 1 && count < JUMP_WINDOW; j--) {
		if (course->jumped[j])
			continue;
		sum += rate(course, j);
		squares += rate(course, j) * rate(course, j);
		count++;
	}
	if (count < JUMP_LEAST_INTERVALS)
		return false;
	*mean = sum / count;
	*deviation = sqrt(fmax(0, squares / count - *mean * *mean));
	return true;
}

/* By how many deviations the change up to look i is off; 0 if it is no jump. */
static double deviations_of(const struct course *course, size_t i)
{
	double seconds = course->looks[i].seconds - course->looks[i - 1].seconds, mean, deviation, off, least;

	if (!expectation(course, i, &mean, &deviation))
		return 0;
	off = level(course, i) - level(course, i - 1) - mean * seconds;
	least = fmax(JUMP_LEAST, JUMP_SHARE * level(course, i - 1));
	if (fabs(off) < least || fabs(off) < JUMP_DEVIATIONS * deviation * seconds)
		return 0;
	return fmin(fabs(off) / fmax(deviation * seconds, 1), DEVIATIONS_MAX);
}

static int64_t sign_of(const struct jump *jump)
{
	int64_t larger = llabs(jump->live_bytes) > llabs(jump->rss_bytes) ? jump->live_bytes : jump->rss_bytes;

	return larger < 0 ? -1 : 1;
}

static uint64_t size_of(const struct jump *jump)
{
	return (uint64_t)(llabs(jump->rss_bytes) > llabs(jump->live_bytes) ? llabs(jump->rss_bytes)
									   : llabs(jump->live_bytes));
}

/* Joins it to the last one if it goes on there. Where there is no room the smallest goes. */
static size_t add(struct jump jumps[JUMPS_MAX], size_t count, const struct jump *jump)
{
	struct jump *last = count ? &jumps[count - 1] : NULL;
	size_t smallest = 0;

	if (last && last->to == jump->from && sign_of(last) == sign_of(jump)) {
		last->to = jump->to;
		last->rss_bytes += jump->rss_bytes;
		last->live_bytes += jump->live_bytes;
		last->deviations = fmax(last->deviations, jump->deviations);
		return count;
	}
	if (count == JUMPS_MAX) {
		for (size_t i = 1; i < count; i++)
			if (size_of(&jumps[i]) < size_of(&jumps[smallest]))
				smallest = i;
		if (size_of(&jumps[smallest]) >= size_of(jump))
			return count;
		count--;
		memmove(&jumps[smallest], &jumps[smallest + 1], (count - smallest) * sizeof(*jumps));
	}
	jumps[count] = *jump;
	return count + 1;
}

size_t jumps__find(const struct profile_look *looks, size_t count, struct jump jumps[JUMPS_MAX])
{
	struct course rss = {.looks = looks, .of_rss = true}, heap = {.looks = looks};
	size_t found = 0;

	for (size_t i = 1; i < count && i < LOOKS_MAX; i++) {
		double of_rss = deviations_of(&rss, i), of_heap = deviations_of(&heap, i);
		const struct jump jump = {
			.from = i - 1,
			.to = i,
			.rss_bytes = (int64_t)(level(&rss, i) - level(&rss, i - 1)),
			.live_bytes = (int64_t)(level(&heap, i) - level(&heap, i - 1)),
			.deviations = fmax(of_rss, of_heap),
		};

		rss.jumped[i] = of_rss > 0;
		heap.jumped[i] = of_heap > 0;
		if (jump.deviations > 0)
			found = add(jumps, found, &jump);
	}
	return found;
}
