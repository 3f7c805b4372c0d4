/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/movers.h"

#include <errno.h>
#include <stdlib.h>

static int64_t moved(const struct report_row *row, const struct jump *jump)
{
	return (int64_t)(row->points[jump->to].live_bytes - row->points[jump->from].live_bytes);
}

/* Puts the row among those that moved most, the first one by the most. */
static void consider(struct report_jump *jump, const struct report_row *row)
{
	struct report_mover mover = {
		.id = row->id,
		.frames = row->frames,
		.frame_count = row->frame_count,
		.live_bytes = moved(row, &jump->jump),
	};

	for (size_t i = 0; mover.live_bytes && i < REPORT_MOVERS; i++) {
		struct report_mover other = jump->movers[i];

		if (i < jump->mover_count && llabs(other.live_bytes) >= llabs(mover.live_bytes))
			continue;
		jump->movers[i] = mover;
		if (i == jump->mover_count) {
			jump->mover_count++;
			return;
		}
		mover = other;
	}
}

int movers__find(struct report *report)
{
	struct jump jumps[JUMPS_MAX];
	size_t count = jumps__find(report->subject.looks, report->subject.look_count, jumps);

	report->jumps = calloc(count + 1, sizeof(*report->jumps));
	if (!report->jumps)
		return -ENOMEM;
	report->jump_count = count;
	for (size_t j = 0; j < count; j++) {
		report->jumps[j].jump = jumps[j];
		for (size_t i = 0; i < report->row_count; i++)
			if (report->rows[i].points)
				consider(&report->jumps[j], &report->rows[i]);
	}
	return 0;
}
