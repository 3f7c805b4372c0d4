/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/slice.h"

#include <linux/sched.h>
#include <linux/sched/types.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SHORTEST_NS = 100000 };

void slice__shorten(void)
{
	struct sched_attr attributes = {
		.size = sizeof(attributes),
		.sched_flags = SCHED_FLAG_KEEP_POLICY,
		.sched_nice = getpriority(PRIO_PROCESS, 0),
		.sched_runtime = SHORTEST_NS,
	};

	syscall(SYS_sched_setattr, 0, &attributes, 0);
}
