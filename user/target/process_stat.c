/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/process_stat.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"

#define PF_KTHREAD 0x00200000 /* include/linux/sched.h; the value is the same since 2.6.27 */

int process_stat__parse(const char *text, struct process_stat *stat)
{
	/* The comm may hold anything, parentheses and blanks too: nothing after it has a ")". */
	const char *rest = strrchr(text, ')');
	uint64_t flags;
	char state;

	/* Fields 3 (state), 9 (flags), 20 (num_threads) and 22 (starttime), proc(5). */
	if (!rest || sscanf(rest,
			    ") %c %*d %*d %*d %*d %*d %" SCNu64 " %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %" SCNu64
			    " %*d %" SCNu64,
			    &state, &flags, &stat->threads, &stat->start_ticks) != 4)
		return -EINVAL;
	stat->zombie = state == 'Z' || state == 'X' || state == 'x';
	stat->kernel_thread = flags & PF_KTHREAD;
	return 0;
}

int process_stat__read(int proc_fd, struct process_stat *stat)
{
	size_t size;
	char *text;
	int ret;

	ret = file__read(proc_fd, "stat", 16384, &text, &size);
	if (ret)
		return ret == -ENOENT ? -ESRCH : ret;
	ret = process_stat__parse(text, stat);
	free(text);
	return ret;
}
