/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "Did you mean ...?" */
#include <string.h>

#include "cmd/options.h"

#define WORD_MAX 32

/*
 * The number of letters to insert, delete, replace, or swap with their neighbour to turn one word into the other
 * (optimal string alignment: three rows of the usual table). Words longer than WORD_MAX are far from everything.
 */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1], *before = rows[0], *last = rows[1], *row = rows[2], *spare;
	size_t a_length = strlen(a), b_length = strlen(b);

	if (a_length > WORD_MAX || b_length > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= b_length; j++)
		last[j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			row[j] = last[j - 1] + (a[i - 1] != b[j - 1]);
			if (last[j] + 1 < row[j])
				row[j] = last[j] + 1;
			if (row[j - 1] + 1 < row[j])
				row[j] = row[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[b_length];
}

const char *options__nearest(const char *word, const char *const *candidates, size_t count)
{
	size_t length = strlen(word), best = length < 4 ? 2 : length / 3 + 2; /* must be below this */
	const char *nearest = NULL;

	for (size_t i = 0; i < count; i++) {
		size_t d = distance(word, candidates[i]);

		/* a word cut short is as good as one slip */
		if (length >= 2 && !strncmp(candidates[i], word, length) && d > 1)
			d = 1;
		if (d < best) {
			best = d;
			nearest = candidates[i];
		}
	}
	return nearest;
}
