/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes as a program, as the file with a program's debugging information, and as what such a file refers to. The two
 * others are beside the fuzzer (tools/fuzz makes them): names-object, and names-refers, which wants a file of dwz's.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "symbols/object.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int object_fd, refers_fd;

static int open_beside(const char *program, const char *name)
{
	const char *slash = strrchr(program, '/');
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%.*s%s", slash ? (int)(slash + 1 - program) : 0, program, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		perror(path);
		exit(2);
	}
	return fd;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	object_fd = open_beside((*argv)[0], "names-object");
	refers_fd = open_beside((*argv)[0], "names-refers");
	return 0;
}

static void look_up(struct object *object, uint64_t offset)
{
	struct object_line lines[OBJECT_LINES_MAX];
	size_t count = object__lines(object, offset, lines);

	if (count > OBJECT_LINES_MAX)
		abort();
	for (size_t i = 0; i < count; i++) {
		if (!lines[i].function || !*lines[i].function || !lines[i].system_name)
			abort();
		if (strlen(lines[i].function) + strlen(lines[i].system_name) > 1 << 24)
			abort();
		if (lines[i].line && (!lines[i].file || !*lines[i].file))
			abort();
	}
}

static void name_all(int file, int debug, int alt)
{
	const struct object_files files = {.object = file, .debug = debug, .alt = alt};
	struct object *object = NULL;

	if (object__open(&files, "fuzz", &object, NULL))
		return;
	for (uint64_t offset = 0; offset < 0x4000; offset += 0x17)
		look_up(object, offset);
	look_up(object, UINT64_MAX);
	object__free(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd >= 0 && write(fd, data, size) == (ssize_t)size) {
		name_all(fd, -1, -1);
		name_all(object_fd, fd, -1);
		name_all(refers_fd, -1, fd);
	}
	if (fd >= 0)
		close(fd);
	return 0;
}
