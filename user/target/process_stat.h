/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What process.c and process_find.c need of /proc/PID/stat. */
#ifndef MEMTRAWL_TARGET_PROCESS_STAT_H
#define MEMTRAWL_TARGET_PROCESS_STAT_H

#include <stdbool.h>
#include <stdint.h>

struct process_stat {
	bool zombie; /* the thread has exited: of a main thread, while others (threads > 1) may live on */
	bool kernel_thread;
	uint64_t threads;
	uint64_t start_ticks;
};

/* Of the process whose /proc directory proc_fd is. Returns 0, -ESRCH when it is gone, or another -errno. */
int process_stat__read(int proc_fd, struct process_stat *stat);

/* The same of a stat file's text; -EINVAL when that is not how one looks. */
int process_stat__parse(const char *text, struct process_stat *stat);

#endif
