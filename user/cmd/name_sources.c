/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/name_sources.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"
#include "symbols/debug_files.h"
#include "symbols/name_cache.h"
#include "target/elf_facts.h"

struct symbols_options name_sources__options(void)
{
	const char *folders = getenv("MEMTRAWL_DEBUG_DIR"), *cache = getenv("MEMTRAWL_NAME_CACHE");
	struct symbols_options options = {
		.debug_folders = folders && *folders ? folders : "/usr/lib/debug",
		.cache = geteuid() ? NULL : NAME_CACHE_DIRECTORY,
	};

	if (cache && *cache)
		options.cache = strcmp(cache, "off") ? cache : NULL;
	return options;
}

int name_sources__open_path(void *cookie, const char *path)
{
	int found = open(path, O_PATH | O_CLOEXEC);

	(void)cookie;
	return found < 0 ? -errno : file__open_found(found);
}

/* The file of that path, if it has the build id. */
static int open_same(const char *path, const char *build_id)
{
	int fd = name_sources__open_path(NULL, path);
	char *found;
	bool same;

	if (fd < 0 || !build_id)
		return fd;
	found = elf_facts__build_id(fd, path);
	same = found && strcmp(found, build_id) == 0;
	free(found);
	if (same)
		return fd;
	close(fd);
	return -ENOENT;
}

static int open_below(const char *folder, const char *path, const char *build_id)
{
	char whole[PATH_MAX];
	int length = snprintf(whole, sizeof(whole), "%s/%s", folder, path);

	return length > 0 && (size_t)length < sizeof(whole) ? open_same(whole, build_id) : -ENAMETOOLONG;
}

int name_sources__open(void *cookie, const char *filename, const char *build_id, uint64_t start)
{
	const struct debug_finder finder = {
		.folders = name_sources__options().debug_folders,
		.open_path = name_sources__open_path,
	};
	const char *folder = cookie, *slash = strrchr(filename, '/');
	int fd = open_same(filename, build_id);

	(void)start;
	if (fd < 0 && folder)
		fd = open_below(folder, filename, build_id);
	if (fd < 0 && folder && slash)
		fd = open_below(folder, slash + 1, build_id);
	if (fd < 0 && build_id)
		fd = debug_files__open_object(&finder, build_id);
	return fd;
}
