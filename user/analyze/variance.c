/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/variance.h"

#include <math.h>

void variance__add(struct variance *variance, double value)
{
	double before = value - variance->mean;

	variance->count++;
	variance->mean += before / (double)variance->count;
	variance->squares += before * (value - variance->mean);
	if (variance->count == 1 || value < variance->min)
		variance->min = value;
	if (variance->count == 1 || value > variance->max)
		variance->max = value;
}

double variance__deviation(const struct variance *variance)
{
	return variance->count < 2 ? -1 : sqrt(variance->squares / (double)(variance->count - 1));
}

double variance__coefficient(const struct variance *variance)
{
	if (variance->count < 2 || variance->mean == 0)
		return -1;
	return variance__deviation(variance) / variance->mean;
}
