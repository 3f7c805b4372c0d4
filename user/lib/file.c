/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_STEP 65536

/* Reads to the end of the file, or one byte beyond the limit. */
static int read_all(int fd, size_t limit, char **data, size_t *size)
{
	size_t used = 0, room = 0;
	char *buffer = NULL, *grown;
	ssize_t n;
	int err;

	for (;;) {
		if (used == room) {
			room = room ? room * 2 : READ_STEP;
			grown = realloc(buffer, room + 1);
			if (!grown) {
				err = -ENOMEM;
				break;
			}
			buffer = grown;
		}
		n = read(fd, buffer + used, room - used);
		if (n < 0) {
			err = -errno;
			if (err == -EINTR)
				continue;
			break;
		}
		if (n == 0) {
			buffer[used] = '\0';
			*data = buffer;
			*size = used;
			return 0;
		}
		used += (size_t)n;
		if (used > limit) {
			err = -EFBIG;
			break;
		}
	}
	free(buffer);
	return err;
}

int file__read(int dirfd, const char *path, size_t limit, char **data, size_t *size)
{
	int fd, err;

	fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	err = read_all(fd, limit, data, size);
	close(fd);
	return err;
}

int file__open_found(int found)
{
	char link[64];
	struct stat st;
	int fd = -EINVAL;

	if (!fstat(found, &st) && S_ISREG(st.st_mode) && st.st_size > 0) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", found);
		fd = open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (fd < 0)
			fd = -errno;
	}
	close(found);
	return fd;
}

static int write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

static int write_failed(struct error *err, int code, const char *path)
{
	if (code == -ENOSPC || code == -EDQUOT)
		return error__set(err, code, "cannot write %s: %s; free some there, or name another place", path,
				  error__reason(code));
	return error__set(err, code, "cannot write %s: %s", path, error__reason(code));
}

/* The folder of a path as a malloc'ed string: "." for a bare name. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* Creates a file in the folder under a name of its own, which is written to `name`. A descriptor, or -errno. */
static int open_temporary(int folder, char *name, size_t size, unsigned int mode)
{
	for (unsigned int i = 0;; i++) {
		int fd;

		snprintf(name, size, ".memtrawl-%d-%u.tmp", (int)getpid(), i);
		fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, (mode_t)mode);
		if (fd >= 0)
			return fd;
		if (errno != EEXIST || i == 1000) /* EEXIST: another thread, or one that died with our pid */
			return -errno;
	}
}

static int replace_in(int folder, const char *base, const void *data, size_t size, unsigned int mode, bool synced)
{
	char temporary[64];
	int fd, err;

	fd = open_temporary(folder, temporary, sizeof(temporary), mode);
	if (fd < 0)
		return fd;
	err = write_all(fd, data, size);
	if (!err && synced && fsync(fd))
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	if (!err && renameat(folder, temporary, folder, base))
		err = -errno;
	if (err)
		unlinkat(folder, temporary, 0);
	else if (synced)
		fsync(folder); /* if this fails a crash may bring the old file back, which is whole as well */
	return err;
}

static int replace_regular(const char *path, const void *data, size_t size, unsigned int mode, bool synced)
{
	const char *slash = strrchr(path, '/');
	char *name = folder_of(path);
	int folder, err;

	if (!name)
		return -ENOMEM;
	folder = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0) {
		err = -errno;
	} else {
		err = replace_in(folder, slash ? slash + 1 : path, data, size, mode, synced);
		close(folder);
	}
	free(name);
	return err;
}

/*
 * A path that is there and is no regular file itself: a device or a pipe is written to, never renamed over, or root
 * would replace /dev/null by a file; through a symbolic link the file it leads to is replaced. The link is opened
 * first, so that the kernel's own rules for links in world-writable folders hold.
 */
static int replace_special(const char *path, const void *data, size_t size, unsigned int mode)
{
	char real[PATH_MAX];
	struct stat st;
	int fd, err = 0;

	fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || (S_ISREG(st.st_mode) && !realpath(path, real)))
		err = -errno;
	if (!err)
		err = S_ISREG(st.st_mode) ? replace_regular(real, data, size, mode, true) : write_all(fd, data, size);
	close(fd);
	return err;
}

int file__replace(const char *path, const void *data, size_t size, unsigned int mode, struct error *err)
{
	struct stat st;
	int code;

	if (!lstat(path, &st) && !S_ISREG(st.st_mode))
		code = replace_special(path, data, size, mode);
	else
		code = replace_regular(path, data, size, mode, true);
	return code ? write_failed(err, code, path) : 0;
}

int file__replace_unsynced(const char *path, const void *data, size_t size, unsigned int mode)
{
	return replace_regular(path, data, size, mode, false);
}

int file__make_directories(const char *path, unsigned int mode, struct error *err)
{
	char *copy = strdup(path);
	struct stat st;
	int code = 0;

	if (!copy)
		return error__set(err, -ENOMEM, "cannot make the folder %s: out of memory", path);
	for (char *end = copy;;) {
		end += strspn(end, "/");
		end += strcspn(end, "/");
		char saved = *end;

		*end = '\0';
		if (*copy && mkdir(copy, (mode_t)mode) && errno != EEXIST) {
			code = -errno;
			break;
		}
		*end = saved;
		if (!saved)
			break;
	}
	if (!code && stat(path, &st))
		code = -errno;
	else if (!code && !S_ISDIR(st.st_mode))
		code = -ENOTDIR;
	free(copy);
	if (code)
		return error__set(err, code, "cannot make the folder %s: %s", path, error__reason(code));
	return 0;
}

void file__remove_directory(const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			unlinkat(dirfd(directory), entry->d_name, 0);
	if (directory)
		closedir(directory);
	rmdir(path);
}
