/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which processes a cgroup directory, v1 or v2, holds, going by their /proc/PID/cgroup. */
#ifndef MEMTRAWL_TARGET_CGROUP_H
#define MEMTRAWL_TARGET_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

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

/* A line of mountinfo, if it is of a cgroup hierarchy. Strings point into the line, which is changed. */
struct cgroup_mount {
	char *root, *point;  /* without a "/" at the end, so "" for the root itself */
	const char *options; /* of a v1 mount: "rw,cpu,cpuacct"; "" for v2 */
};

bool cgroup_mount__parse(char *line, struct cgroup_mount *mount);
/* Is it the v1 hierarchy of that controller? */
bool cgroup_mount__has(const struct cgroup_mount *mount, const char *controller);

/*
 * Where a process with this text of /proc/PID/cgroup is in the v1 hierarchy of the controller, or in v2's for NULL.
 * *length is that of the path, which is in the text and not ended. NULL if it is in none.
 */
const char *cgroup__path_in(const char *text, const char *controller, size_t *length);

#endif
