/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/drift.h"

#include <math.h>

#include "analyze/report.h"

struct drift drift__of(const struct report_counts *before, const struct report_counts *after, uint64_t total)
{
	double objects = (double)before->live_objects + (double)after->live_objects;
	double change = (double)after->live_bytes - (double)before->live_bytes;
	double size = objects > 0 ? ((double)before->live_bytes + (double)after->live_bytes) / objects : 0;
	double deviation = hypot(size * sqrt(objects), hypot(before->live_bytes_stderr, after->live_bytes_stderr));
	struct drift drift = {.z = deviation > 0 ? change / deviation : 0};

	drift.significant = fabs(drift.z) >= DRIFT_Z && fabs(change) >= DRIFT_SHARE * (double)total;
	return drift;
}
