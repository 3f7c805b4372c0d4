/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of a report that is about mapped memory. */
#ifndef MEMTRAWL_ANALYZE_MAPPED_H
#define MEMTRAWL_ANALYZE_MAPPED_H

#include "analyze/frames.h"
#include "analyze/report.h"

/* Rows' frames are added to `frames`. 0, or -ENOMEM; free it with mapped__free() either way. */
int mapped__make(const struct profile *profile, const struct report_request *request, struct frame_list *frames,
		 struct report_mapped *mapped);
void mapped__free(struct report_mapped *mapped);

#endif
