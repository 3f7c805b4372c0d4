/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbols/range.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/array.h"

/* Real nesting is a few levels deep; ranges made to hide each other must not make each lookup linear. */
#define LOOK_BACK_MAX 1024

int ranges__add(struct ranges *ranges, uint64_t low, uint64_t high, uint64_t value)
{
	struct range range = {.low = low, .high = high, .value = value};

	if (low >= high)
		return 0;
	return array__push(ranges->items, ranges->count, ranges->capacity, range) ? 0 : -ENOMEM;
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Outer before inner, and then by value, so that the order does not depend on qsort's. */
static int compare_ranges(const void *left, const void *right)
{
	const struct range *a = left, *b = right;

	if (a->low != b->low)
		return compare(a->low, b->low);
	if (a->high != b->high)
		return compare(b->high, a->high);
	return compare(b->value, a->value);
}

void ranges__sort(struct ranges *ranges)
{
	uint64_t highest = 0;

	if (!ranges->count)
		return;
	qsort(ranges->items, ranges->count, sizeof(*ranges->items), compare_ranges);
	for (size_t i = 0; i < ranges->count; i++) {
		if (ranges->items[i].high > highest)
			highest = ranges->items[i].high;
		ranges->items[i].highest = highest;
	}
}

/* The number of ranges that begin at or below the address. */
static size_t count_below(const struct ranges *ranges, uint64_t address)
{
	size_t low = 0, high = ranges->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges->items[middle].low <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint64_t ranges__find(const struct ranges *ranges, uint64_t address)
{
	size_t i = count_below(ranges, address);

	for (int steps = 0; i-- > 0 && steps < LOOK_BACK_MAX; steps++) {
		if (ranges->items[i].high > address)
			return ranges->items[i].value;
		if (ranges->items[i].highest <= address)
			break;
	}
	return RANGE_NONE;
}

void ranges__free(struct ranges *ranges)
{
	free(ranges->items);
	*ranges = (struct ranges){0};
}
