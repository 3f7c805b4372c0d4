/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/file.h"
#include "target/elf_facts.h"
#include "target/process_stat.h"

/* The kernel's own bound on arguments and environment is 6 MiB (fs/exec.c: three quarters of _STK_LIM). */
#define CMDLINE_MAX (8U << 20)
#define STATUS_MAX  (64U << 10)
#define NS_PER_S    1000000000LL

static int read_status_field(int proc_fd, const char *field, uint64_t *value);

/* /proc/TID exists for every thread, but only a process has memory of its own. */
static int check_not_thread(int proc_fd, pid_t pid, struct error *err)
{
	uint64_t tgid;
	int ret = read_status_field(proc_fd, "Tgid", &tgid);

	if (ret)
		return error__set(err, ret, "cannot look at PID %d: %s", pid, error__reason(ret));
	if (tgid != (uint64_t)pid)
		return error__set(err, -EINVAL, "%d is a thread, not a process: give its process, PID %" PRIu64, pid,
				  tgid);
	return 0;
}

static int check_state(const struct process_stat *stat, pid_t pid, struct error *err)
{
	if (stat->kernel_thread)
		return error__set(err, -EINVAL, "PID %d is a kernel thread: it has no memory of its own", pid);
	if (stat->zombie && stat->threads > 1)
		return error__set(err, -EINVAL,
				  "the main thread of PID %d has exited: the kernel shows no memory map of the rest",
				  pid);
	if (stat->zombie)
		return error__set(err, -ESRCH, "PID %d is a zombie: it has exited, and its memory is gone", pid);
	return 0;
}

/* Asks for what everything else needs: the right to read the memory map (PTRACE_MODE_READ). */
static int check_access(int proc_fd, pid_t pid, struct error *err)
{
	int fd = openat(proc_fd, "maps", O_RDONLY | O_CLOEXEC);
	int ret = fd < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	if (ret == -EACCES || ret == -EPERM)
		return error__set(err, ret, "no right to look at PID %d: %s (run as root)", pid, error__reason(ret));
	if (ret)
		return error__set(err, ret, "cannot look at PID %d: %s", pid, error__reason(ret));
	return 0;
}

static int open_proc(pid_t pid, int *proc_fd, struct error *err)
{
	char path[32];
	int ret;

	snprintf(path, sizeof(path), "/proc/%d", pid);
	*proc_fd = pid > 0 ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (*proc_fd >= 0)
		return 0;
	ret = pid > 0 ? -errno : -ESRCH;
	if (ret == -ENOENT)
		ret = -ESRCH;
	return error__set(err, ret, "cannot look at PID %d: %s", pid, error__reason(ret));
}

/* /proc/stat's start times count from boot; the two clocks together say when that was, leaps of the wall clock and all.
 */
static void set_start(struct process *process, uint64_t start_ticks)
{
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);
	struct timespec real, boot;
	int64_t booted_ns;

	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	booted_ns = (int64_t)(real.tv_sec - boot.tv_sec) * NS_PER_S + (real.tv_nsec - boot.tv_nsec);
	process->start_ticks = start_ticks;
	process->start_boot_ns = start_ticks / hz * NS_PER_S + start_ticks % hz * NS_PER_S / hz;
	process->start_time_ns = booted_ns + (int64_t)process->start_boot_ns;
}

static int set_comm(struct process *process)
{
	size_t size;
	int ret = file__read(process->proc_fd, "comm", 256, &process->comm, &size);

	/* One newline is the kernel's; another could be the name's own. */
	if (!ret && size && process->comm[size - 1] == '\n')
		process->comm[size - 1] = '\0';
	return ret;
}

static int set_exe(struct process *process)
{
	static const char deleted[] = " (deleted)";
	char path[PATH_MAX + sizeof(deleted)];
	ssize_t size = readlinkat(process->proc_fd, "exe", path, sizeof(path) - 1);

	if (size < 0)
		return 0;
	path[size] = '\0';
	if ((size_t)size > strlen(deleted) && strcmp(path + (size_t)size - strlen(deleted), deleted) == 0)
		path[(size_t)size - strlen(deleted)] = '\0';
	process->exe = strdup(path);
	return process->exe ? 0 : -ENOMEM;
}

static int set_cmdline(struct process *process)
{
	size_t size;
	int ret = file__read(process->proc_fd, "cmdline", CMDLINE_MAX, &process->cmdline, &size);

	if (ret)
		return ret == -ENOMEM ? ret : 0;
	/* Each argument ends in a NUL; a process that renames itself may leave a tail of them. */
	while (size && !process->cmdline[size - 1])
		size--;
	for (size_t i = 0; i < size; i++)
		if (!process->cmdline[i])
			process->cmdline[i] = ' ';
	if (!size) {
		free(process->cmdline);
		process->cmdline = NULL;
	}
	return 0;
}

/* An executable that cannot be parsed costs the build id only. */
static void set_build_id(struct process *process)
{
	int fd = openat(process->proc_fd, "exe", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	process->build_id = elf_facts__build_id(fd, process->exe ? process->exe : "exe");
	close(fd);
}

static int describe(struct process *process, struct error *err)
{
	int ret;

	ret = set_comm(process);
	if (!ret)
		ret = set_exe(process);
	if (!ret)
		ret = set_cmdline(process);
	if (!ret)
		set_build_id(process);
	if (ret)
		return error__set(err, ret, "cannot look at PID %d: %s", process->pid, error__reason(ret));
	return 0;
}

static int check(int proc_fd, pid_t pid, struct process_stat *stat, struct error *err)
{
	int ret;

	ret = process_stat__read(proc_fd, stat);
	if (ret)
		return error__set(err, ret, "cannot look at PID %d: %s", pid, error__reason(ret));
	ret = check_state(stat, pid, err);
	if (!ret)
		ret = check_not_thread(proc_fd, pid, err);
	if (!ret)
		ret = check_access(proc_fd, pid, err);
	return ret;
}

int process__open(pid_t pid, struct process **process, struct error *err)
{
	struct process_stat stat = {0};
	struct process *new;
	int ret;

	*process = NULL;
	new = calloc(1, sizeof(*new));
	if (!new)
		return error__set(err, -ENOMEM, "cannot look at PID %d: out of memory", pid);
	new->owners = 1;
	new->pid = pid;
	ret = open_proc(pid, &new->proc_fd, err);
	if (!ret)
		ret = check(new->proc_fd, pid, &stat, err);
	if (!ret) {
		set_start(new, stat.start_ticks);
		ret = describe(new, err);
	}
	if (ret) {
		process__free(new);
		return ret;
	}
	*process = new;
	return 0;
}

struct process *process__gone(pid_t pid)
{
	struct process *process = calloc(1, sizeof(*process));

	if (!process)
		return NULL;
	process->owners = 1;
	process->pid = pid;
	process->proc_fd = -1;
	process->comm = strdup("?");
	if (process->comm)
		return process;
	free(process);
	return NULL;
}

struct process *process__share(struct process *process)
{
	__atomic_add_fetch(&process->owners, 1, __ATOMIC_RELAXED);
	return process;
}

void process__free(struct process *process)
{
	if (!process || __atomic_sub_fetch(&process->owners, 1, __ATOMIC_ACQ_REL))
		return;
	if (process->proc_fd >= 0)
		close(process->proc_fd);
	free(process->comm);
	free(process->exe);
	free(process->cmdline);
	free(process->build_id);
	free(process);
}

bool process__alive(const struct process *process)
{
	struct process_stat stat;

	/* The descriptor fails with ESRCH once the process is reaped, whoever has its pid by then. */
	if (process_stat__read(process->proc_fd, &stat))
		return false;
	return !stat.zombie || stat.threads > 1;
}

/* The number after "FIELD:" at the beginning of a line; -ENOENT without such a line. */
static int status_number(const char *status, const char *field, uint64_t *value)
{
	size_t length = strlen(field);

	for (const char *line = status; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, field, length) != 0 || line[length] != ':')
			continue;
		return sscanf(line + length + 1, "%" SCNu64, value) == 1 ? 0 : -EINVAL;
	}
	return -ENOENT;
}

/* A reaped process gives ENOENT or ESRCH, by how far the kernel came: to callers both mean that it is gone. */
static int read_status(int proc_fd, char **status)
{
	size_t size;
	int ret = file__read(proc_fd, "status", STATUS_MAX, status, &size);

	return ret == -ENOENT ? -ESRCH : ret;
}

static int read_status_field(int proc_fd, const char *field, uint64_t *value)
{
	char *status;
	int ret;

	ret = read_status(proc_fd, &status);
	if (ret)
		return ret;
	ret = status_number(status, field, value);
	free(status);
	return ret;
}

int process__rss(const struct process *process, struct process_rss *rss)
{
	const struct {
		const char *field;
		uint64_t *bytes;
	} fields[] = {
		{"VmRSS", &rss->current_bytes}, {"VmHWM", &rss->peak_bytes},     {"RssAnon", &rss->anon_bytes},
		{"RssFile", &rss->file_bytes},  {"RssShmem", &rss->shmem_bytes}, {"VmSwap", &rss->swap_bytes},
	};
	char *status;
	int ret;

	ret = read_status(process->proc_fd, &status);
	if (ret)
		return ret;
	for (size_t i = 0; !ret && i < sizeof(fields) / sizeof(fields[0]); i++) {
		uint64_t kib = 0;

		ret = status_number(status, fields[i].field, &kib);
		*fields[i].bytes = kib * 1024;
	}
	free(status);
	/* An exiting process has given its memory back, and the lines are missing. */
	return ret == -ENOENT ? -ESRCH : ret;
}

int process__cpu_time(const struct process *process, uint64_t *ns)
{
	struct timespec used;
	clockid_t clock;

	if (clock_getcpuclockid(process->pid, &clock) || clock_gettime(clock, &used))
		return -ESRCH;
	/* The clock goes by pid: afterwards make sure that it was still ours. */
	if (!process__alive(process))
		return -ESRCH;
	*ns = (uint64_t)used.tv_sec * NS_PER_S + (uint64_t)used.tv_nsec;
	return 0;
}
