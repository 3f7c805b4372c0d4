/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbols/debug_files.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "symbols/debuginfod.h"

/* What is summed up of one file: one with holes can be of any size. zlib does about a gigabyte a second. */
#define SUMMED_MAX (1LL << 30)

/* What a file must be to be the one. */
struct wanted {
	const char *build_id; /* or NULL, and then */
	uint32_t crc;
};

static bool has_crc(int fd, uint32_t wanted)
{
	enum { PIECE = 1 << 20 };
	unsigned char *piece = malloc(PIECE);
	unsigned long crc = crc32(0, NULL, 0);
	ssize_t got = piece ? 1 : -1;

	for (off_t at = 0; got > 0 && at <= SUMMED_MAX; at += got) {
		got = pread(fd, piece, PIECE, at);
		if (got > 0)
			crc = crc32(crc, piece, (unsigned int)got);
	}
	free(piece);
	return !got && crc == wanted;
}

static bool is_wanted(int fd, const char *path, const struct wanted *wanted)
{
	char *build_id;
	bool same;

	if (!wanted->build_id)
		return has_crc(fd, wanted->crc);
	build_id = elf_facts__build_id(fd, path);
	same = build_id && strcmp(build_id, wanted->build_id) == 0;
	free(build_id);
	return same;
}

/* The descriptor, if the file is the one; else it is closed. */
static int if_wanted(int fd, const char *path, const struct wanted *wanted)
{
	if (fd < 0 || is_wanted(fd, path, wanted))
		return fd;
	close(fd);
	return -ENOENT;
}

static int try_path(const struct debug_finder *finder, const char *path, const struct wanted *wanted)
{
	return finder->open_path ? if_wanted(finder->open_path(finder->cookie, path), path, wanted) : -ENOENT;
}

__attribute__((format(printf, 3, 4))) static int try_format(const struct debug_finder *finder,
							    const struct wanted *wanted, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list args;
	int length;

	va_start(args, fmt);
	length = vsnprintf(path, sizeof(path), fmt, args);
	va_end(args);
	return length > 0 && (size_t)length < sizeof(path) ? try_path(finder, path, wanted) : -ENOENT;
}

/* Calls try() with each folder, until one has the file. */
static int each_folder(const struct debug_finder *finder, const struct wanted *wanted,
		       int (*try)(const struct debug_finder *finder, const struct wanted *wanted, const char *folder,
				  int length, const void *cookie),
		       const void *cookie)
{
	int fd = -ENOENT;

	for (const char *folder = finder->folders; folder && fd < 0;) {
		size_t length = strcspn(folder, ":");

		if (length && length < PATH_MAX)
			fd = try(finder, wanted, folder, (int)length, cookie);
		folder = folder[length] ? folder + length + 1 : NULL;
	}
	return fd;
}

static int try_build_id(const struct debug_finder *finder, const struct wanted *wanted, const char *folder, int length,
			const void *cookie)
{
	(void)cookie;
	return try_format(finder, wanted, "%.*s/.build-id/%.2s/%s.debug", length, folder, wanted->build_id,
			  wanted->build_id + 2);
}

static int try_object(const struct debug_finder *finder, const struct wanted *wanted, const char *folder, int length,
		      const void *cookie)
{
	(void)cookie;
	return try_format(finder, wanted, "%.*s/.build-id/%.2s/%s", length, folder, wanted->build_id,
			  wanted->build_id + 2);
}

struct debug_link {
	const char *folder; /* of the object */
	int folder_length;
	const char *name;
};

static int try_link_below(const struct debug_finder *finder, const struct wanted *wanted, const char *folder,
			  int length, const void *cookie)
{
	const struct debug_link *link = cookie;

	return try_format(finder, wanted, "%.*s%.*s/%s", length, folder, link->folder_length, link->folder, link->name);
}

static int try_link(const struct debug_finder *finder, const struct wanted *wanted, const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');
	struct debug_link link = {.folder = path, .folder_length = slash ? (int)(slash - path) : 0, .name = name};
	const char *last = slash ? slash + 1 : path;
	int fd = -ENOENT;

	if (strcmp(last, name) != 0) /* a file is not its own debugging information */
		fd = try_format(finder, wanted, "%.*s/%s", link.folder_length, path, name);
	if (fd < 0)
		fd = try_format(finder, wanted, "%.*s/.debug/%s", link.folder_length, path, name);
	return fd < 0 ? each_folder(finder, wanted, try_link_below, &link) : fd;
}

/* Profiles come from anywhere: what is to be part of a path is looked at. */
static bool is_build_id(const char *build_id)
{
	return build_id && strlen(build_id) > 2 && !build_id[strspn(build_id, "0123456789abcdef")];
}

int debug_files__open(const struct debug_finder *finder, const char *path, const struct elf_facts *facts)
{
	struct wanted wanted = {.build_id = facts->build_id, .crc = facts->debug_crc};
	int fd = -ENOENT;

	if (is_build_id(facts->build_id))
		fd = each_folder(finder, &wanted, try_build_id, NULL);
	if (fd < 0 && facts->debug_link)
		fd = try_link(finder, &wanted, path, facts->debug_link);
	if (fd < 0 && is_build_id(facts->build_id))
		fd = if_wanted(debuginfod__open(facts->build_id), facts->build_id, &wanted);
	return fd;
}

int debug_files__open_object(const struct debug_finder *finder, const char *build_id)
{
	struct wanted wanted = {.build_id = build_id};
	int fd = -ENOENT;

	if (!is_build_id(build_id))
		return fd;
	fd = each_folder(finder, &wanted, try_object, NULL);
	return fd < 0 ? if_wanted(debuginfod__open_object(build_id), build_id, &wanted) : fd;
}

/* dwz writes the path as it is on the system that the package is for; some link relatively to .build-id/xx. */
int debug_files__open_alt(const struct debug_finder *finder, const struct elf_facts *debug)
{
	struct wanted wanted = {.build_id = debug->alt_build_id};
	int fd = -ENOENT;

	if (!debug->alt_link || !is_build_id(debug->alt_build_id))
		return fd;
	if (debug->alt_link[0] == '/')
		fd = try_path(finder, debug->alt_link, &wanted);
	if (fd < 0)
		fd = each_folder(finder, &wanted, try_build_id, NULL);
	if (fd < 0)
		fd = if_wanted(debuginfod__open(debug->alt_build_id), debug->alt_link, &wanted);
	return fd;
}
