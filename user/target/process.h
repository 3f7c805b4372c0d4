/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is traced: the identity of a process, and what /proc says of it. */
#ifndef MEMTRAWL_TARGET_PROCESS_H
#define MEMTRAWL_TARGET_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/error.h"

struct process {
	unsigned int owners; /* each of which calls process__free() */
	pid_t pid;
	int proc_fd; /* /proc/PID, O_PATH-like directory descriptor: stays with this process when the pid is reused */
	uint64_t start_ticks;   /* field 22 of /proc/PID/stat: ticks since boot. (pid, start_ticks) is the identity */
	uint64_t start_boot_ns; /* start_ticks in nanoseconds, rounded down to a tick */
	int64_t start_time_ns;  /* since 1970 */
	char *comm;
	char *exe;      /* what /proc/PID/exe points to, " (deleted)" taken off; NULL if unreadable */
	char *cmdline;  /* arguments joined by blanks; NULL if empty */
	char *build_id; /* of the executable; NULL if it has none or cannot be read */
};

/*
 * Opens a user process. Refuses with the reason: no such process, a kernel thread, a zombie, no right to look at it,
 * a thread id that is not a process. On success the caller frees it with process__free().
 */
int process__open(pid_t pid, struct process **process, struct error *err);
/* Stands for a process that has ended, of which only the pid is known any more. NULL when memory is short. */
struct process *process__gone(pid_t pid);
/* The same one for another owner, also of another thread: it does not change. */
struct process *process__share(struct process *process);
void process__free(struct process *process); /* NULL is fine */

/* Still there, the same one, and not a zombie. */
bool process__alive(const struct process *process);

struct process_rss {
	uint64_t current_bytes, peak_bytes, anon_bytes, file_bytes, shmem_bytes, swap_bytes;
};

/* From /proc/PID/status: VmRSS, VmHWM, RssAnon, RssFile, RssShmem, VmSwap. -ESRCH when the process is gone. */
int process__rss(const struct process *process, struct process_rss *rss);

/*
 * Reads the process's memory. Returns how many bytes could be read, which is less where the rest is not mapped; -ESRCH
 * when it is gone, another -errno.
 */
ssize_t process__read_memory(const struct process *process, uint64_t address, void *data, size_t size);

/*
 * A file in memory with a copy of [address, address + size), of which all must be mapped: of at most 1 MiB, as the vdso
 * is. Returns a descriptor or -errno.
 */
int process__copy_memory(const struct process *process, uint64_t address, size_t size);

/* Opens a regular file by its path in the process's own root, read-only; a descriptor or -errno. */
int process__open_path(const struct process *process, const char *path);

/*
 * Opens /tmp/perf-PID.map in the process's own root and by its own pid there, read-only: only a regular file that
 * belongs to the process's user or to root, as perf does, and without leaving that root. Returns a descriptor or
 * -errno.
 */
int process__open_perf_map(const struct process *process);

/* CPU time used by all threads, dead ones included, in nanoseconds (clock_getcpuclockid). -ESRCH when it is gone. */
int process__cpu_time(const struct process *process, uint64_t *ns);

/*
 * Pids of all user processes whose comm equals `comm` (comm not NULL), or that are in the cgroup v1 or v2 directory
 * `cgroup` or below it (cgroup not NULL; an absolute path under /sys/fs/cgroup, or relative to a hierarchy's root).
 * Own process left out. *pids is malloc'ed. None found is an error with the remedy.
 */
int process__find(const char *comm, const char *cgroup, pid_t **pids, size_t *count, struct error *err);

#endif
