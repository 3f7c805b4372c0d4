/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/smaps.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/array.h"

void smaps__free(struct smaps *smaps)
{
	maps__free(&smaps->maps);
	free(smaps->smaps);
	smaps->smaps = NULL;
	smaps->count = smaps->capacity = 0;
}

static int add_mapping(struct smaps *smaps, const char *line)
{
	struct smap smap = {0};
	int code = maps__add_line(&smaps->maps, line);

	if (code)
		return code;
	/* a mapping that has grown over those before has taken their places */
	if (smaps->count >= smaps->maps.count)
		smaps->count = smaps->maps.count - 1;
	return array__push(smaps->smaps, smaps->count, smaps->capacity, smap) ? 0 : -ENOMEM;
}

/* "Rss:                1234 kB"; others such as "VmFlags: rd ex" are no numbers. */
static void set_field(struct smap *smap, const char *key, const char *value)
{
	uint64_t kilobytes;

	if (sscanf(value, "%" SCNu64, &kilobytes) != 1 || kilobytes > UINT64_MAX / 1024)
		return;
	if (!strcmp(key, "Rss"))
		smap->resident_bytes = kilobytes * 1024;
	else if (!strcmp(key, "Anonymous"))
		smap->anonymous_bytes = kilobytes * 1024;
	else if (!strcmp(key, "Swap"))
		smap->swapped_bytes = kilobytes * 1024;
}

int smaps__add_line(struct smaps *smaps, const char *line)
{
	size_t length = strcspn(line, " ");
	char key[32];

	if (!length || line[length - 1] != ':')
		return add_mapping(smaps, line);
	if (!smaps->count)
		return -EINVAL;
	if (length > sizeof(key))
		return 0;
	memcpy(key, line, length - 1);
	key[length - 1] = '\0';
	set_field(&smaps->smaps[smaps->count - 1], key, line + length);
	return 0;
}

static int read_lines(FILE *stream, struct smaps *smaps)
{
	size_t capacity = 0;
	char *line = NULL;
	int code = 0;

	while (!code) {
		ssize_t size;

		errno = 0;
		size = getline(&line, &capacity, stream);
		if (size < 0) {
			code = -errno; /* 0 at the end of the file */
			break;
		}
		if (line[size - 1] == '\n')
			line[size - 1] = '\0';
		code = smaps__add_line(smaps, line);
	}
	free(line);
	return !code && !smaps->count ? -ESRCH : code;
}

int smaps__read(const struct process *process, struct smaps *smaps, struct error *err)
{
	int fd = process->proc_fd < 0 ? -1 : openat(process->proc_fd, "smaps", O_RDONLY | O_CLOEXEC), code;
	FILE *stream = fd >= 0 ? fdopen(fd, "r") : NULL;

	smaps__free(smaps);
	if (stream) {
		code = read_lines(stream, smaps);
		fclose(stream);
	} else {
		code = process->proc_fd < 0 ? -ESRCH : -errno;
		if (fd >= 0)
			close(fd);
	}
	if (!code)
		return 0;
	smaps__free(smaps);
	if (code == -ENOENT)
		code = -ESRCH;
	return error__set(err, code, "cannot read what PID %d has in memory: %s", process->pid, error__reason(code));
}
