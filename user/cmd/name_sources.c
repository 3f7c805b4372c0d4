/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/name_sources.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"
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
	int found = open(path, O_PATH | O_CLOEXEC);

	(void)cookie;
	return found < 0 ? -errno : file__open_found(found);
}
