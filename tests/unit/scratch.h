/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder for a test's files, and programs compiled into it. Include after cmocka.h. */
#ifndef MEMTRAWL_TEST_SCRATCH_H
#define MEMTRAWL_TEST_SCRATCH_H

#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch_folder[256];

/* Formats into `text` of `size` bytes; a cut is a failure. */
static inline char *scratch__format(char *text, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static inline char *scratch__format(char *text, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text, size, fmt, args);
	va_end(args);
	assert_true(n >= 0 && (size_t)n < size);
	return text;
}

static inline const char *scratch__path(const char *name)
{
	static char paths[8][512]; /* so many in one expression */
	static unsigned int next;
	char *path = paths[next++ % 8];

	return scratch__format(path, sizeof(paths[0]), "%s/%s", scratch_folder, name);
}

/* Runs a shell command in the folder; returns its status. */
static inline int scratch__try(const char *command)
{
	char line[4096];

	return system(scratch__format(line, sizeof(line), "cd '%s' && { %s; }", scratch_folder, command));
}

static inline void scratch__run(const char *command)
{
	if (scratch__try(command))
		fail_msg("this failed: %s", command);
}

static inline void scratch__write(const char *name, const void *data, size_t size)
{
	FILE *file = fopen(scratch__path(name), "w");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

/* The caller frees the bytes. */
static inline unsigned char *scratch__read(const char *name, size_t *size)
{
	FILE *file = fopen(scratch__path(name), "r");
	unsigned char *data;
	struct stat st;

	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &st), 0);
	*size = (size_t)st.st_size;
	data = malloc(*size + 1);
	assert_non_null(data);
	assert_int_equal(fread(data, 1, *size, file), *size);
	fclose(file);
	return data;
}

static inline int scratch__open(const char *name)
{
	int fd = open(scratch__path(name), O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* Address and size of a symbol, as nm sees it: an opinion that is not ours. */
static inline uint64_t scratch__symbol(const char *file, const char *options, const char *symbol, uint64_t *size)
{
	char command[1024], line[4096];
	uint64_t address = UINT64_MAX;
	FILE *nm;

	nm = popen(scratch__format(command, sizeof(command), "nm -S %s '%s/%s'", options, scratch_folder, file), "r");
	assert_non_null(nm);
	while (fgets(line, sizeof(line), nm)) {
		char *name = strrchr(line, ' ');
		uint64_t value, length = 0;

		line[strcspn(line, "@\n")] = '\0';
		if (!name || strcmp(name + 1, symbol) != 0 || sscanf(line, "%lx %lx", &value, &length) < 1)
			continue;
		address = value;
		if (size)
			*size = length;
	}
	pclose(nm);
	if (address == UINT64_MAX)
		fail_msg("nm sees no %s in %s", symbol, file);
	return address;
}

static inline int scratch__make(void **state)
{
	(void)state;
	scratch__format(scratch_folder, sizeof(scratch_folder), "%s/memtrawl-test-XXXXXX",
			getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	return mkdtemp(scratch_folder) ? 0 : -1;
}

static inline int scratch__remove(void **state)
{
	char command[512];

	(void)state;
	return system(scratch__format(command, sizeof(command), "rm -rf '%s'", scratch_folder));
}

/* splitmix64: the same mutations on every run. */
static inline uint64_t scratch__random(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

#endif
