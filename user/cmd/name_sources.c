/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/name_sources.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbols/name_cache.h"

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
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	(void)cookie;
	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return -EINVAL;
}
