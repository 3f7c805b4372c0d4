/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "symbols/perf_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any bytes are a map; names are within it, and end. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct perf_map *map = NULL;
	const char *name;

	if (fd < 0)
		return 0;
	if (write(fd, data, size) == (ssize_t)size && !lseek(fd, 0, SEEK_SET) && !perf_map__read(fd, &map)) {
		for (uint64_t address = 0; address < 4096; address += 7) {
			name = perf_map__find(map, address);
			if (name && (!*name || strlen(name) >= size))
				abort();
		}
		perf_map__free(map);
	}
	close(fd);
	return 0;
}
