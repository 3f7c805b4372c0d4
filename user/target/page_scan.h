/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where in a range of addresses there are pages, found by walking the process's page tables and not page by page:
 * PAGEMAP_SCAN of include/uapi/linux/fs.h, since 6.7 (52526ca7fdb9), which Debian 12's headers do not have.
 */
#ifndef MEMTRAWL_TARGET_PAGE_SCAN_H
#define MEMTRAWL_TARGET_PAGE_SCAN_H

#include <stdint.h>

/* Of a page, as the kernel numbers them. */
enum page_scan_category {
	PAGE_SCAN_FILE = 1 << 2, /* of a file, or shared */
	PAGE_SCAN_PRESENT = 1 << 3,
	PAGE_SCAN_SWAPPED = 1 << 4,
	PAGE_SCAN_ZERO = 1 << 5, /* the page of zeroes that all read who have not written yet */
};

/* [start, limit) has such pages only. Anything but 0 ends the walk. */
typedef int page_scan_visitor(void *context, uint64_t start, uint64_t limit);

/*
 * Visits, by address, the ranges in [start, limit) of pages with one of the categories `any` and none of `none`.
 * `pagemap` is a descriptor of /proc/PID/pagemap. Returns what a visit ended the walk with, or -errno; -ENOTTY, before
 * any visit: this kernel cannot.
 */
int page_scan__each(int pagemap, uint64_t start, uint64_t limit, unsigned any, unsigned none, page_scan_visitor *visit,
		    void *context);

#endif
