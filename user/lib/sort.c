/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/sort.h"

#include <string.h>

/* Radix sort, from the lowest digit to the highest. Digits that all keys have in common are passed over. */
enum { DIGIT_BITS = 11, DIGITS = (64 + DIGIT_BITS - 1) / DIGIT_BITS, VALUES = 1 << DIGIT_BITS };

static unsigned digit_of(uint64_t key, int digit)
{
	return (unsigned)(key >> (digit * DIGIT_BITS)) & (VALUES - 1);
}

/* Turns counts into where each value's first item goes. */
static void make_places(size_t places[VALUES])
{
	size_t sum = 0;

	for (int value = 0; value < VALUES; value++) {
		size_t count = places[value];

		places[value] = sum;
		sum += count;
	}
}

void sort__by_key(struct sort_item *items, struct sort_item *scratch, size_t count)
{
	static __thread size_t counts[DIGITS][VALUES];
	struct sort_item *from = items, *to = scratch;

	memset(counts, 0, sizeof(counts));
	for (size_t i = 0; i < count; i++)
		for (int digit = 0; digit < DIGITS; digit++)
			counts[digit][digit_of(items[i].key, digit)]++;
	for (int digit = 0; count && digit < DIGITS; digit++) {
		struct sort_item *sorted = to;

		if (counts[digit][digit_of(items[0].key, digit)] == count)
			continue;
		make_places(counts[digit]);
		for (size_t i = 0; i < count; i++)
			to[counts[digit][digit_of(from[i].key, digit)]++] = from[i];
		to = from;
		from = sorted;
	}
	if (from != items)
		memcpy(items, from, count * sizeof(*items));
}
