/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MEMTRAWL_LIB_SLICE_H
#define MEMTRAWL_LIB_SLICE_H

/*
 * The calling thread waits less for a busy processor when it wakes up, and gives it up sooner, with no larger share of
 * it: its slices are the shortest that there are, 100 us instead of one to four ms (sched_setattr(2) with a
 * sched_runtime, which kernels before 6.12 ignore). Left as it is where that is not to be had. Threads and processes
 * that it makes later inherit it.
 */
void slice__shorten(void);

#endif
