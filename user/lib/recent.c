/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/recent.h"

#include <math.h>

void recent__init(struct recent *recent, double value)
{
	*recent = (struct recent){.last = {value, value, value}};
}

void recent__add(struct recent *recent, double value)
{
	recent->last[recent->next] = value;
	recent->next = (recent->next + 1) % 3;
}

double recent__value(const struct recent *recent)
{
	const double *last = recent->last;

	return fmax(fmin(last[0], last[1]), fmin(fmax(last[0], last[1]), last[2]));
}
