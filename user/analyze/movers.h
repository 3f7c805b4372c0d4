/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The jumps in a report's course, each with the rows that moved most in it. */
#ifndef MEMTRAWL_ANALYZE_MOVERS_H
#define MEMTRAWL_ANALYZE_MOVERS_H

#include "analyze/report.h"

/* Sets report->jumps from its looks, and from the points of all rows that it has now. 0 or -ENOMEM. */
int movers__find(struct report *report);

#endif
