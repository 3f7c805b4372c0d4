/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/mapped.h"

#include <errno.h>
#include <stdlib.h>

#include "analyze/group.h"

void mapped__free(struct report_mapped *mapped)
{
	free(mapped->rows);
	*mapped = (struct report_mapped){0};
}

static int descending(uint64_t a, uint64_t b)
{
	return a < b ? 1 : a > b ? -1 : 0;
}

static int compare_rows(const void *a, const void *b)
{
	const struct report_row *x = a, *y = b;
	int order = descending(x->counts.live_bytes, y->counts.live_bytes);

	if (!order)
		order = descending(x->counts.alloc_bytes, y->counts.alloc_bytes);
	return order ? order : -descending(x->id, y->id);
}

static bool shown(const struct report_row *row, const struct report_request *request)
{
	return row->counts.live_bytes >= request->min_bytes &&
	       (!request->filter || frames__match(row->frames, row->frame_count, request->filter));
}

int mapped__make(const struct profile *profile, const struct report_request *request, struct frame_list *frames,
		 struct report_mapped *mapped)
{
	size_t limit = request->top_n ? request->top_n : SIZE_MAX;

	mapped->known = profile->mapped_known;
	mapped->totals = profile->mapped_totals;
	mapped->others.oldest_age_seconds = -1;
	mapped->rows = calloc(profile->mapped_count + 1, sizeof(*mapped->rows));
	if (!mapped->rows)
		return -ENOMEM;
	for (size_t i = 0; i < profile->mapped_count; i++) {
		struct report_row row = {.id = profile->mapped[i].id, .counts = counts__of_site(&profile->mapped[i])};

		row.frames = frame_list__add_site(frames, profile, &profile->mapped[i], &row.frame_count);
		if (!row.frames)
			return -ENOMEM;
		if (shown(&row, request))
			mapped->rows[mapped->row_count++] = row;
		else
			counts__add(&mapped->others, &row.counts);
	}
	if (mapped->row_count)
		qsort(mapped->rows, mapped->row_count, sizeof(*mapped->rows), compare_rows);
	while (mapped->row_count > limit)
		counts__add(&mapped->others, &mapped->rows[--mapped->row_count].counts);
	return 0;
}
