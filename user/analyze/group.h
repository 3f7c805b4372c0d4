/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sites of a diff (or of a single profile: a diff with nothing before) added up to rows. */
#ifndef MEMTRAWL_ANALYZE_GROUP_H
#define MEMTRAWL_ANALYZE_GROUP_H

#include "analyze/frames.h"
#include "analyze/report.h"

struct group {
	struct report_row *rows; /* in the order in which they first came up */
	size_t count, capacity;
	struct profile_point *points;         /* a row has as many of them as there are looks */
	struct report_suppressed *suppressed; /* one for each suppression */
	/* the stacks that the request's filter, its age and its suppressions leave out */
	struct report_counts dropped, dropped_before;
};

/* Rows' frames are added to `frames`. 0, or -ENOMEM; free it with group__free() either way. */
int group__add_up(const struct diff *diff, const struct report_request *request, struct frame_list *frames,
		  struct group *group);
void group__free(struct group *group);

void counts__add(struct report_counts *to, const struct report_counts *from);
struct report_counts counts__of_site(const struct profile_site *site); /* NULL: nothing */

#endif
