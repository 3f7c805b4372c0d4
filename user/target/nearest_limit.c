/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/nearest_limit.h"

#include <string.h>

#include "target/limits.h"

static uint64_t room_of(uint64_t limit, uint64_t used)
{
	return limit > used ? limit - used : 0;
}

static struct nearest_limit of_machine(const struct limits *limits)
{
	struct nearest_limit limit = {0};
	uint64_t available;

	if (!limits__machine(limits, &limit.limit_bytes, &available))
		limit.used_bytes = room_of(limit.limit_bytes, available);
	return limit;
}

struct nearest_limit nearest_limit__of(const char *proc, pid_t pid)
{
	struct nearest_limit nearest = {0};
	const struct limits_cgroup *all;
	const char *path = NULL;
	struct limits *limits;
	struct error err;
	size_t count;

	if (limits__new(proc, &limits, &err))
		return nearest;
	limits__begin_look(limits);
	nearest = of_machine(limits);
	for (int i = limits__find_process(limits, pid); i >= 0; i = all[i].parent) {
		all = limits__cgroups(limits, &count);
		if (!all[i].limit_bytes ||
		    (nearest.limit_bytes && room_of(all[i].limit_bytes, all[i].used_bytes) >=
						    room_of(nearest.limit_bytes, nearest.used_bytes)))
			continue;
		path = all[i].path;
		nearest.limit_bytes = all[i].limit_bytes;
		nearest.used_bytes = all[i].used_bytes;
	}
	nearest.cgroup = path ? strdup(path) : NULL;
	limits__free(limits);
	return nearest;
}
