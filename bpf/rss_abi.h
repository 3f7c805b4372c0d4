/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The rss source: what the kernel counts of every process's memory. The part of the ABI that is about it.
 *
 * The kernel keeps its counters in parts, one for each CPU (since 6.2; before, one for each thread), which it adds up
 * only when a part has grown to a batch. So whatever is seen as it happens is off by less than a batch for each CPU and
 * kind, the peak included. What the iterator says adds the parts up, and is exact.
 */
#ifndef MEMTRAWL_RSS_ABI_H
#define MEMTRAWL_RSS_ABI_H

#include <linux/types.h>

/* The kernel's order (enum in include/linux/mm_types_task.h), since 4.5. Resident are all but those in swap. */
enum mt_rss_kind {
	MT_RSS_FILE,
	MT_RSS_ANON,
	MT_RSS_SWAP,
	MT_RSS_SHMEM,
	MT_RSS_KINDS,
};

enum {
	MT_RSS_COMM = 16,
	MT_RSS_CPUS_MAX = 512,    /* whose parts are added up */
	MT_RSS_THREADS_MAX = 512, /* of a process, whose faults and CPU time are added up */
	MT_RSS_PROCESSES_MAX = 32768,
	MT_RSS_RING = 1 << 20, /* bytes of ring buffer `rss_events` */
};

/*
 * The tracepoint costs some 0.1 us each time, whatever the program does (6.18: an empty one, in a loop of page faults;
 * 0.16 us in gcc, by 150 pairs of builds that do not tell it from 0). A CPU on which it comes more often than this in a
 * slice of time is given a rest for another slice, which makes at most some 24,000 a second, 0.2 to 0.4 % of its time.
 */
#define MT_RSS_SLICE_NS      250000000LL
#define MT_RSS_SLICE_CHANGES 6000

/* The most that was resident at one time since user space's last look, and what else was so at that moment. */
struct mt_rss_high {
	__u64 ns; /* CLOCK_MONOTONIC; 0: nothing was seen since */
	__u64 resident, swap;
	__u64 vm_pages, data_pages;
};

/* Map `images`, by the address of the process's mm: what was seen of a program from its start, or its exec, on. */
struct mt_rss_image {
	__u64 peak_ns; /* CLOCK_MONOTONIC; 0: not seen, the kernel's own figure is all there is */
	__u64 peak_pages;
	__u64 peak[MT_RSS_KINDS]; /* pages of each kind at the peak */
	__u64 alarm_pages;        /* MT_RSS_ALARM when it comes to have as many; 0: never */
	__u32 tgid;
	__u32 alarmed; /* it has been told: user space sets it back */
	struct mt_rss_high high;
};

enum mt_rss_event {
	MT_RSS_NOW,    /* of the iterator: no event */
	MT_RSS_END,    /* the process has ended */
	MT_RSS_EXEC,   /* it is another program from now on; of the process that events are wanted of alone */
	MT_RSS_ALARM,  /* its RSS has come to alarm_pages */
	MT_RSS_VICTIM, /* the kernel ends it, as memory is short */
	MT_RSS_SAMPLE, /* a look that was due: no event */
	MT_RSS_BUSY,   /* counters change too often: for user space, which is to give the tracepoint a rest */
};

/* A process at one time: what the iterator writes, and the events of ring buffer `rss_events`. Counts are in pages. */
struct mt_rss_row {
	__u64 mm;       /* key of map `images`; 0: it had none any more */
	__u64 start_ns; /* CLOCK_BOOTTIME: with tgid, its identity */
	__u64 ns;       /* CLOCK_MONOTONIC */
	__u64 pages[MT_RSS_KINDS];
	__u64 peak_ns; /* as in mt_rss_image; the kernel's own peak_pages may be some batches more than the sum of
			  peak[] */
	__u64 peak_pages;
	__u64 peak[MT_RSS_KINDS];
	__u64 vm_pages, data_pages; /* address space; private and writable of it (VmSize, VmData) */
	struct mt_rss_high high;    /* of an image that is not the process's any more, too: MT_RSS_EXEC */
	__u64 faults, major_faults; /* of all threads, dead ones included */
	__u64 cpu_ns;
	__u64 cgroup; /* inode of its directory: of the memory controller's hierarchy, or else of version 2's */
	__u32 tgid, parent;
	__u32 threads;
	__s32 exit_code; /* MT_RSS_END: as wait status */
	__u32 kind;      /* enum mt_rss_event */
	__u32 reserved;
	char comm[MT_RSS_COMM];
};

/* Map `rss_loss`, one element for each CPU; user space adds how often the kernel left a program out. */
struct mt_rss_loss {
	__u64 images_full; /* processes whose peaks are the kernel's: map `images` was full */
	__u64 events_lost; /* ring buffer `rss_events` was full */
};

_Static_assert(sizeof(struct mt_rss_image) == 104, "no padding");
_Static_assert(sizeof(struct mt_rss_row) == 232, "no padding");

#endif
