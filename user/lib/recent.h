/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is measured again and again, now and then wrongly: the middle one of the last three measurements. One that is
 * off by whatever factor changes nothing; a change shows at the second measurement.
 */
#ifndef MEMTRAWL_LIB_RECENT_H
#define MEMTRAWL_LIB_RECENT_H

struct recent {
	double last[3];
	unsigned next; /* place of the oldest */
};

/* As if measured three times. */
void recent__init(struct recent *recent, double value);
void recent__add(struct recent *recent, double value);
double recent__value(const struct recent *recent);

#endif
