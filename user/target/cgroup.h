/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which processes a cgroup directory, v1 or v2, holds, going by their /proc/PID/cgroup. */
#ifndef MEMTRAWL_TARGET_CGROUP_H
#define MEMTRAWL_TARGET_CGROUP_H

#include <stdbool.h>

#include "lib/error.h"

struct cgroup;

/*
 * `path` is a directory below a mounted cgroup hierarchy ("/sys/fs/cgroup/memory/web"), which then is the only one
 * looked at, or relative to the root of any hierarchy, with a leading "/" or not ("system.slice/web.service").
 * -ENOENT for a path under /sys/fs/cgroup that is not there.
 */
int cgroup__open(const char *path, struct cgroup **cgroup, struct error *err);
void cgroup__free(struct cgroup *cgroup);

/* Whether a process with this text of /proc/PID/cgroup is in the directory or below it. */
bool cgroup__contains(const struct cgroup *cgroup, const char *text);

/* cgroup__open() with the text of a /proc/PID/mountinfo; `path` is absolute and without symbolic links, or relative. */
int cgroup__parse(const char *path, const char *mountinfo, struct cgroup **cgroup, struct error *err);

#endif
