/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is read of a process beside what /proc says of it: its memory, and files in its own root. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/file.h"
#include "target/process.h"

ssize_t process__read_memory(const struct process *process, uint64_t address, void *data, size_t size)
{
	int fd = openat(process->proc_fd, "mem", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -errno : pread(fd, data, size, (off_t)address);

	if (fd < 0)
		return got == -ENOENT ? -ESRCH : got;
	if (got < 0)
		got = -errno;
	close(fd);
	return got;
}

int process__copy_memory(const struct process *process, uint64_t address, size_t size)
{
	enum { SIZE_MAX_BYTES = 1 << 20 };
	char *copy = size <= SIZE_MAX_BYTES ? malloc(size) : NULL;
	int fd = copy ? memfd_create("memtrawl-copy", MFD_CLOEXEC) : -ENOMEM;

	if (copy && fd < 0)
		fd = -errno;
	if (fd >= 0 && (process__read_memory(process, address, copy, size) != (ssize_t)size ||
			write(fd, copy, size) != (ssize_t)size)) {
		close(fd);
		fd = -EIO;
	}
	free(copy);
	return fd;
}

/* The pid that the process has in its own, innermost pid namespace: the last number of NSpid (since 4.1). */
static pid_t own_pid(const struct process *process)
{
	char *status, *line, *last;
	pid_t pid = process->pid;
	size_t size;

	if (file__read(process->proc_fd, "status", 64 << 10, &status, &size))
		return pid;
	line = strstr(status, "\nNSpid:");
	if (line) {
		line[strcspn(line + 1, "\n") + 1] = '\0';
		last = strrchr(line, '\t');
		if (last && atoi(last) > 0)
			pid = atoi(last);
	}
	free(status);
	return pid;
}

/* An O_PATH descriptor of what is at a path in the process's root, which no link in it leads out of (5.6); or -errno.
 */
static int find_in_root(const struct process *process, const char *path, uint64_t flags)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC | flags, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	int root = openat(process->proc_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC), fd;

	if (root < 0)
		return -errno;
	fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
	if (fd < 0)
		fd = -errno;
	close(root);
	return fd;
}

int process__open_path(const struct process *process, const char *path)
{
	int found = process->proc_fd < 0 ? -ESRCH : find_in_root(process, path, 0);

	return found < 0 ? found : file__open_found(found);
}

int process__open_perf_map(const struct process *process)
{
	struct stat file, owner;
	char path[64];
	int fd;

	if (process->proc_fd < 0)
		return -ESRCH;
	snprintf(path, sizeof(path), "tmp/perf-%d.map", own_pid(process));
	fd = find_in_root(process, path, O_NOFOLLOW);
	if (fd < 0)
		return fd;
	if (!fstat(fd, &file) && !fstat(process->proc_fd, &owner) && (file.st_uid == owner.st_uid || !file.st_uid))
		return file__open_found(fd); /* not what a link leads to: it is no regular file */
	close(fd);
	return -EPERM;
}
