/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/maps.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/array.h"

static bool ends_in(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* The kernel escapes the newline only, as \012; a backslash stands for itself (fs/proc/task_mmu.c: seq_path "\n"). */
static void unescape(char *path)
{
	char *out = path;

	for (const char *in = path; *in; out++) {
		if (strncmp(in, "\\012", 4) == 0) {
			*out = '\n';
			in += 4;
		} else {
			*out = *in++;
		}
	}
	*out = '\0';
}

static int set_path(struct mapping *mapping, const char *path)
{
	static const char deleted[] = " (deleted)";

	if (!*path)
		return 0;
	mapping->path = strdup(path);
	if (!mapping->path)
		return -ENOMEM;
	if (mapping->inode && ends_in(mapping->path, deleted)) {
		mapping->deleted = true;
		mapping->path[strlen(mapping->path) - strlen(deleted)] = '\0';
	}
	unescape(mapping->path);
	return 0;
}

/* Takes one line without its newline: "START-LIMIT PERM OFFSET MAJOR:MINOR INODE   PATH", all but the inode in hex. */
static int parse_line(const char *line, struct mapping *mapping)
{
	unsigned int major, minor;
	char permissions[5];
	int path = -1;

	*mapping = (struct mapping){0};
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n", &mapping->start,
		   &mapping->limit, permissions, &mapping->offset, &major, &minor, &mapping->inode, &path) != 7 ||
	    path < 0 || strlen(permissions) != 4 || mapping->start >= mapping->limit)
		return -EINVAL;
	mapping->device = makedev(major, minor);
	mapping->readable = permissions[0] == 'r';
	mapping->writable = permissions[1] == 'w';
	mapping->executable = permissions[2] == 'x';
	mapping->shared = permissions[3] == 's';
	return set_path(mapping, line + path);
}

/*
 * The file is written page by page while the process may map and unmap, so that a mapping that grew downwards in
 * between can cover what was already read: the newer one is right, the order and disjointness is for maps__find().
 */
static void cut_overlap(struct maps *maps, uint64_t start)
{
	while (maps->count && maps->mappings[maps->count - 1].start >= start)
		free(maps->mappings[--maps->count].path);
	if (maps->count && maps->mappings[maps->count - 1].limit > start)
		maps->mappings[maps->count - 1].limit = start;
}

int maps__add_line(struct maps *maps, const char *line)
{
	struct mapping mapping;
	int ret = parse_line(line, &mapping);

	if (ret)
		return ret;
	cut_overlap(maps, mapping.start);
	if (!array__push(maps->mappings, maps->count, maps->capacity, mapping)) {
		free(mapping.path);
		return -ENOMEM;
	}
	return 0;
}

static int read_lines(FILE *stream, struct maps *maps)
{
	size_t capacity = 0;
	char *line = NULL;
	int ret = 0;

	while (!ret) {
		ssize_t size;

		errno = 0;
		size = getline(&line, &capacity, stream);
		if (size < 0) {
			ret = -errno; /* 0 at the end of the file */
			break;
		}
		if (line[size - 1] == '\n')
			line[size - 1] = '\0';
		ret = maps__add_line(maps, line);
	}
	free(line);
	/* A process that has exited, or is about to, has no mappings at all. */
	return !ret && !maps->count ? -ESRCH : ret;
}

int maps__read(const struct process *process, struct maps *maps, struct error *err)
{
	FILE *stream = NULL;
	int fd, ret;

	maps__free(maps);
	fd = openat(process->proc_fd, "maps", O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		stream = fdopen(fd, "r");
	if (stream) {
		ret = read_lines(stream, maps);
		fclose(stream);
	} else {
		ret = -errno;
		if (fd >= 0)
			close(fd);
	}
	if (!ret)
		return 0;
	maps__free(maps);
	if (ret == -ENOENT)
		ret = -ESRCH;
	return error__set(err, ret, "cannot read the memory map of PID %d: %s", process->pid, error__reason(ret));
}

void maps__free(struct maps *maps)
{
	for (size_t i = 0; i < maps->count; i++)
		free(maps->mappings[i].path);
	free(maps->mappings);
	*maps = (struct maps){0};
}

const struct mapping *maps__find(const struct maps *maps, uint64_t address)
{
	size_t low = 0, high = maps->count;

	/* Invariant: all before `low` end at or before the address, all from `high` on begin after it. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct mapping *mapping = &maps->mappings[middle];

		if (address >= mapping->limit)
			low = middle + 1;
		else if (address < mapping->start)
			high = middle;
		else
			return mapping;
	}
	return NULL;
}

/* ---- the file behind */

/* Whether map_files can have an entry: it has one for each mapping of a file, memfds and deleted ones included. */
static bool has_file(const struct mapping *mapping)
{
	return mapping->inode && mapping->path && mapping->path[0] == '/';
}

/*
 * Looks at what a path below /proc/PID leads to without opening it, since opening a device can do things. Returns an
 * O_PATH descriptor of a regular file, or -errno.
 *
 * The inode is compared on request only: that of map_files is right by construction, but overlayfs and btrfs may show
 * other numbers in stat() than in /proc/PID/maps.
 */
static int find_file(int proc_fd, const char *path, const struct mapping *same_as)
{
	int fd = openat(proc_fd, path, O_PATH | O_CLOEXEC);
	struct stat st;
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		ret = -errno;
	else if (!S_ISREG(st.st_mode))
		ret = -EINVAL;
	else if (same_as && (st.st_dev != same_as->device || st.st_ino != same_as->inode))
		ret = -ESTALE;
	if (ret) {
		close(fd);
		return ret;
	}
	return fd;
}

/* Fills in the path relative to /proc/PID, and returns an O_PATH descriptor of what it leads to, or -errno. */
static int locate(const struct process *process, const struct mapping *mapping, char *path, size_t size)
{
	int length, fd;

	if (!has_file(mapping))
		return -ENOENT;
	length = snprintf(path, size, "map_files/%" PRIx64 "-%" PRIx64, mapping->start, mapping->limit);
	if (length < 0 || (size_t)length >= size)
		return -ENAMETOOLONG;
	fd = find_file(process->proc_fd, path, NULL);
	/* Not a regular file is an answer; the others (split or merged since, no right) leave the path to try. */
	if (fd >= 0 || fd == -EINVAL)
		return fd;
	length = snprintf(path, size, "root%s", mapping->path);
	if (length < 0 || (size_t)length >= size)
		return -ENAMETOOLONG;
	return find_file(process->proc_fd, path, mapping);
}

int maps__open_file(const struct process *process, const struct mapping *mapping)
{
	char path[PATH_MAX + 64], link[64];
	int found, fd;

	found = locate(process, mapping, path, sizeof(path));
	if (found < 0)
		return found;
	/* Opens the very file that was looked at, whatever is at the path by now. */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", found);
	fd = open(link, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		fd = -errno;
	close(found);
	return fd;
}

int maps__file_path(const struct process *process, const struct mapping *mapping, char *path, size_t size)
{
	int prefix = snprintf(path, size, "/proc/%d/", process->pid);
	int found;

	if (prefix < 0 || (size_t)prefix >= size)
		return -ENAMETOOLONG;
	found = locate(process, mapping, path + prefix, size - (size_t)prefix);
	if (found < 0)
		return found;
	close(found);
	return 0;
}
