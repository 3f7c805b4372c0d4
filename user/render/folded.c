/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>

#include "render/pieces.h"
#include "render/render.h"

/* ';' separates frames, so within a name it becomes ':'; line ends and other controls are escaped. */
static void add_frame(struct buf *out, const struct report_frame *frame)
{
	struct buf name = {0}, escaped = {0};

	pieces__add_name(&name, frame);
	pieces__add_escaped(&escaped, name.data ? name.data : "");
	for (size_t i = 0; i < escaped.size; i++)
		if (escaped.data[i] == ';')
			escaped.data[i] = ':';
	buf__add(out, escaped.data, escaped.size);
	out->failed |= name.failed || escaped.failed;
	buf__free(&name);
	buf__free(&escaped);
}

static uint64_t weight_of(const struct report *report, const struct report_counts *now,
			  const struct report_counts *before)
{
	if (report->kind == REPORT_DIFF)
		return now->live_bytes > before->live_bytes ? now->live_bytes - before->live_bytes : 0;
	return now->live_bytes;
}

void render__folded(const struct report *report, struct buf *out)
{
	uint64_t weight;

	for (size_t i = 0; i < report->row_count; i++) {
		const struct report_row *row = &report->rows[i];

		weight = weight_of(report, &row->counts, &row->before);
		if (!weight)
			continue;
		for (size_t f = row->frame_count; f; f--) {
			add_frame(out, &row->frames[f - 1]);
			buf__add_string(out, f > 1 ? ";" : "");
		}
		if (!row->frame_count)
			buf__add_string(out, "[no stack]");
		buf__add_format(out, " %" PRIu64 "\n", weight);
	}
	weight = weight_of(report, &report->others, &report->others_before);
	if (weight)
		buf__add_format(out, "[others] %" PRIu64 "\n", weight);
}
