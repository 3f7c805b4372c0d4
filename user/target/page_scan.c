/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/page_scan.h"

#include <errno.h>
#include <sys/ioctl.h>

struct scan_region {
	uint64_t start, end, categories;
};

struct scan {
	uint64_t size, flags, start, end, walk_end, regions, region_count, max_pages, inverted, all, any, returned;
};

enum { REGIONS = 256 };

#define SCAN_COMMAND _IOWR('f', 16, struct scan)

int page_scan__each(int pagemap, uint64_t start, uint64_t limit, unsigned any, unsigned none, page_scan_visitor *visit,
		    void *context)
{
	struct scan_region regions[REGIONS];
	/* a category that is inverted counts where the page does not have it */
	struct scan scan = {.size = sizeof(scan), .end = limit, .any = any, .all = none, .inverted = none};
	int code = 0;

	scan.returned = any; /* and so a range's pages may have unlike others */
	scan.regions = (uintptr_t)regions;
	scan.region_count = REGIONS;
	for (scan.start = start; !code && scan.start < limit; scan.start = scan.walk_end) {
		int count = ioctl(pagemap, SCAN_COMMAND, &scan);

		if (count < 0)
			return scan.start == start ? -ENOTTY : -errno;
		for (int i = 0; !code && i < count; i++)
			code = visit(context, regions[i].start, regions[i].end);
		if (scan.walk_end <= scan.start)
			break;
	}
	return code;
}
