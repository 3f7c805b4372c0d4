/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/file.h"
#include "target/cgroup.h"
#include "target/process.h"
#include "target/process_stat.h"

#define CGROUP_MAX (1U << 20) /* of /proc/PID/cgroup: some forty hierarchies at the most, a path each */

struct wanted {
	const char *comm;      /* or NULL */
	struct cgroup *cgroup; /* or NULL */
};

static bool has_comm(int proc_fd, const char *comm)
{
	size_t size, length = strlen(comm);
	bool same;
	char *text;

	if (file__read(proc_fd, "comm", 256, &text, &size))
		return false;
	same = size == length + 1 && memcmp(text, comm, length) == 0;
	free(text);
	return same;
}

static bool in_cgroup(int proc_fd, const struct cgroup *cgroup)
{
	size_t size;
	char *text;
	bool in;

	if (file__read(proc_fd, "cgroup", CGROUP_MAX, &text, &size))
		return false;
	in = cgroup__contains(cgroup, text);
	free(text);
	return in;
}

/* Processes come and go while we look: one that cannot be read is not there. */
static bool matches(int proc_fd, const struct wanted *wanted)
{
	struct process_stat stat;

	if (process_stat__read(proc_fd, &stat) || stat.kernel_thread || (stat.zombie && stat.threads <= 1))
		return false;
	return (!wanted->comm || has_comm(proc_fd, wanted->comm)) &&
	       (!wanted->cgroup || in_cgroup(proc_fd, wanted->cgroup));
}

/* The pid that a name in /proc stands for, or 0. */
static pid_t pid_of(const char *name)
{
	char *end;
	long pid;

	if (!isdigit((unsigned char)name[0]))
		return 0;
	errno = 0;
	pid = strtol(name, &end, 10);
	return errno || *end || pid > INT_MAX ? 0 : (pid_t)pid;
}

static int collect(DIR *proc, const struct wanted *wanted, pid_t **pids, size_t *count)
{
	const struct dirent *entry;
	size_t capacity = 0;

	while ((entry = readdir(proc))) {
		pid_t pid = pid_of(entry->d_name);
		bool match;
		int fd;

		if (!pid || pid == getpid())
			continue;
		fd = openat(dirfd(proc), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			continue;
		match = matches(fd, wanted);
		close(fd);
		if (match && !array__push(*pids, *count, capacity, pid))
			return -ENOMEM;
	}
	return 0;
}

static int nothing_found(const char *comm, const char *cgroup, struct error *err)
{
	if (cgroup)
		return error__set(err, -ESRCH, "no process%s%s in cgroup %s: see /proc/PID/cgroup for where one is",
				  comm ? " named " : "", comm ? comm : "", cgroup);
	if (strlen(comm) > 15)
		return error__set(err, -ESRCH, "no process is named %s: the kernel keeps 15 bytes of a name, try %.15s",
				  comm, comm);
	return error__set(err, -ESRCH, "no process is named %s: names are those of `ps -eo comm`", comm);
}

int process__find(const char *comm, const char *cgroup, pid_t **pids, size_t *count, struct error *err)
{
	struct wanted wanted = {.comm = comm};
	DIR *proc = NULL;
	int ret = 0;

	*pids = NULL;
	*count = 0;
	if (!comm && !cgroup)
		return error__usage(err, "neither a name nor a cgroup is given");
	if (cgroup)
		ret = cgroup__open(cgroup, &wanted.cgroup, err);
	if (ret)
		return ret;
	proc = opendir("/proc");
	if (!proc) {
		ret = -errno;
		error__set(err, ret, "cannot read /proc: %s", error__reason(ret));
		goto cleanup;
	}
	ret = collect(proc, &wanted, pids, count);
	if (ret)
		error__set(err, ret, "cannot list processes: %s", error__reason(ret));
	else if (!*count)
		ret = nothing_found(comm, cgroup, err);
cleanup:
	if (proc)
		closedir(proc);
	cgroup__free(wanted.cgroup);
	if (ret) {
		free(*pids);
		*pids = NULL;
		*count = 0;
	}
	return ret;
}
