/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/lock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/file.h"

#define LOCK_DIRECTORY "/run/memtrawl"

struct held {
	int fd;
	char path[64];
};

static struct held *held;
static size_t held_count, held_capacity;

/*
 * Locks of open file descriptions (since 3.15), since whether one is held can be asked without taking it: with flock()
 * a process that asks would make another one, that takes it at that moment, believe that it is held.
 */
static struct flock whole_file(void)
{
	return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

static void read_holder(int fd, char *text, size_t size)
{
	ssize_t n = pread(fd, text, size - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

static void write_holder(int fd)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "memtrawl (PID %d)\n", getpid());

	if (ftruncate(fd, 0) || pwrite(fd, text, (size_t)n, 0) != n)
		return; /* only for the message to others */
}

/* Whoever releases a lock removes its file: one that was opened before and locked after is no lock any more. */
static bool is_current(const struct held *lock)
{
	struct stat opened, named;

	return !fstat(lock->fd, &opened) && !stat(lock->path, &named) && opened.st_ino == named.st_ino;
}

static int open_locked(struct held *lock, const struct process *process, struct error *err)
{
	struct flock wanted = whole_file();
	char holder[64];

	for (;;) {
		lock->fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (lock->fd < 0)
			return error__set(err, -errno, "cannot open %s: %s", lock->path, error__reason(errno));
		if (fcntl(lock->fd, F_OFD_SETLK, &wanted))
			break;
		if (is_current(lock))
			return 0;
		close(lock->fd);
	}
	read_holder(lock->fd, holder, sizeof(holder));
	close(lock->fd);
	return error__set(err, -EBUSY, "PID %d is being traced already, by %s: wait for it, or end it", process->pid,
			  holder[0] ? holder : "another memtrawl");
}

/* Files that a memtrawl that was killed left behind; only those of processes that are gone, as nobody takes them. */
static void remove_stale(void)
{
	DIR *directory = opendir(LOCK_DIRECTORY);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		char *end;
		long pid = strtol(entry->d_name, &end, 10);

		if (pid > 0 && pid <= INT_MAX && !strcmp(end, ".lock") && kill((pid_t)pid, 0) && errno == ESRCH &&
		    !lock__is_held((pid_t)pid))
			unlinkat(dirfd(directory), entry->d_name, 0);
	}
	if (directory)
		closedir(directory);
}

int lock__take(const struct process *process, struct error *err)
{
	struct held lock;
	int code;

	code = file__make_directories(LOCK_DIRECTORY, 0755, err);
	if (code)
		return code;
	remove_stale();
	snprintf(lock.path, sizeof(lock.path), LOCK_DIRECTORY "/%d.lock", process->pid);
	code = open_locked(&lock, process, err);
	if (code)
		return code;
	write_holder(lock.fd);
	if (!array__push(held, held_count, held_capacity, lock)) {
		close(lock.fd);
		return error__set(err, -ENOMEM, "out of memory");
	}
	return 0;
}

bool lock__is_held(pid_t pid)
{
	struct flock found = whole_file();
	struct held lock;
	bool is_held;

	snprintf(lock.path, sizeof(lock.path), LOCK_DIRECTORY "/%d.lock", pid);
	lock.fd = open(lock.path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (lock.fd < 0)
		return false;
	is_held = !fcntl(lock.fd, F_OFD_GETLK, &found) && found.l_type != F_UNLCK;
	close(lock.fd);
	return is_held;
}

void lock__release_all(void)
{
	for (size_t i = 0; i < held_count; i++) {
		unlink(held[i].path);
		close(held[i].fd);
	}
	free(held);
	held = NULL;
	held_count = held_capacity = 0;
}
