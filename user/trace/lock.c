/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
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
	char holder[64];

	for (;;) {
		lock->fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (lock->fd < 0)
			return error__set(err, -errno, "cannot open %s: %s", lock->path, error__reason(errno));
		if (flock(lock->fd, LOCK_EX | LOCK_NB))
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

int lock__take(const struct process *process, struct error *err)
{
	struct held lock;
	int code;

	code = file__make_directories(LOCK_DIRECTORY, 0755, err);
	if (code)
		return code;
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
	struct held lock;
	bool is_held;

	snprintf(lock.path, sizeof(lock.path), LOCK_DIRECTORY "/%d.lock", pid);
	lock.fd = open(lock.path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (lock.fd < 0)
		return false;
	is_held = flock(lock.fd, LOCK_EX | LOCK_NB) != 0;
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
