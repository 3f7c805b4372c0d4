/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process obtained from the kernel, and gave back. */
#include "profile/profile.h"

const char *profile__activity_name(enum mt_activity kind)
{
	static const char *const names[MT_ACTIVITY_MAX] = {"brk",   "mmap", "mremap", "mprotect",
							   "arena", "trim", "munmap", "madvise"};

	return names[kind];
}

static uint64_t sum(const struct profile_activity *activity, int first, int limit)
{
	uint64_t bytes = 0;

	for (int i = first; i < limit; i++)
		if (i != MT_ACTIVITY_ARENA) /* reserved, not obtained */
			bytes += activity->kinds[i].bytes;
	return bytes;
}

uint64_t profile__obtained(const struct profile_activity *activity)
{
	return sum(activity, 0, MT_ACTIVITY_FIRST_RELEASE);
}

uint64_t profile__released(const struct profile_activity *activity)
{
	return sum(activity, MT_ACTIVITY_FIRST_RELEASE, MT_ACTIVITY_MAX);
}
