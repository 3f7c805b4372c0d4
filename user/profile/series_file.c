/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "profile/series_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER = 65536, ENOUGH = BUFFER / 2 };

#define SECOND_NS UINT64_C(1000000000)

struct series_file {
	struct series_file_options options;
	struct series_file_state state;
	int fd;           /* -1: a file that could not be made anew, or closed */
	bool regular;     /* it can be cut back */
	uint64_t size;    /* of the file that grows, whole rows */
	uint64_t pending; /* when the oldest of the buffer came */
	size_t used;
	char buffer[BUFFER];
};

static uint64_t count_lines(const char *data, size_t size)
{
	uint64_t lines = 0;
	const char *end;

	for (; (end = memchr(data, '\n', size)); lines++) {
		size -= (size_t)(end - data) + 1;
		data = end + 1;
	}
	return lines;
}

/* ---- failures */

/* Told at once, and once; what comes of it is told at the end. */
static void note_failure(struct series_file *file, int code)
{
	file->state.reader_gone |= code == -EPIPE;
	if (file->state.code)
		return;
	file->state.code = code;
	warn("cannot write to %s: %s; recording goes on, rows that cannot be written are counted",
	     file->options.path ? file->options.path : "standard output", error__reason(code));
}

/* ---- writing */

/* Returns how many bytes were taken, and leaves -errno in *code if not all were. */
static size_t write_some(int fd, const char *data, size_t size, int *code)
{
	size_t done = 0;

	*code = 0;
	while (done < size && !*code) {
		ssize_t n = write(fd, data + done, size - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			*code = -errno;
	}
	return done;
}

/* The part of a row that was written before the disk was full is taken off again. */
static size_t cut_to_rows(const struct series_file *file, const char *data, size_t done)
{
	size_t whole = done;

	while (whole && data[whole - 1] != '\n')
		whole--;
	if (whole == done || !file->regular)
		return whole;
	if (ftruncate(file->fd, (off_t)(file->size + whole)) ||
	    lseek(file->fd, (off_t)(file->size + whole), SEEK_SET) < 0)
		warn("cannot take half a row off %s again: %s",
		     file->options.path ? file->options.path : "standard output", error__reason(errno));
	return whole;
}

/* Whole rows of it, and how many bytes those are. */
static int write_rows(struct series_file *file, const char *data, size_t size, size_t *done)
{
	int code;

	*done = write_some(file->fd, data, size, &code);
	if (*done < size)
		*done = cut_to_rows(file, data, *done);
	file->size += *done;
	file->state.bytes += *done;
	return code;
}

/* ---- files */

/* Where the number goes: before the extension, as in rss.1.csv. -ENAMETOOLONG. */
static int numbered(const struct series_file *file, uint64_t number, char *path, size_t size)
{
	const char *slash = strrchr(file->options.path, '/');
	const char *name = slash ? slash + 1 : file->options.path, *dot = strrchr(name, '.');
	int n;

	if (!number) {
		n = snprintf(path, size, "%s", file->options.path);
	} else {
		if (!dot || dot == name)
			dot = name + strlen(name);
		n = snprintf(path, size, "%.*s.%llu%s", (int)(dot - file->options.path), file->options.path,
			     (unsigned long long)number, dot);
	}
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

static int open_file(struct series_file *file)
{
	struct stat st;
	size_t done;
	int code;

	file->size = 0;
	file->fd = file->options.path
			   ? open(file->options.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0644)
			   : dup(STDOUT_FILENO);
	if (file->fd < 0)
		return -errno;
	file->regular = file->options.path && !fstat(file->fd, &st) && S_ISREG(st.st_mode);
	code = write_rows(file, file->options.header, strlen(file->options.header), &done);
	if (code) { /* a file without it is none */
		close(file->fd);
		file->fd = -1;
	}
	return code;
}

/* Renames from the oldest on; one that is not there is fine. */
static int rotate(struct series_file *file)
{
	char from[4096], to[4096];
	int code = 0;

	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
	for (uint64_t i = file->options.keep; !code && i > 0; i--) {
		code = numbered(file, i - 1, from, sizeof(from));
		if (!code)
			code = numbered(file, i, to, sizeof(to));
		if (!code && rename(from, to) && errno != ENOENT)
			code = -errno;
	}
	file->state.rotations++;
	return code ? code : open_file(file);
}

static void remove_older(struct series_file *file)
{
	char path[4096];

	for (uint64_t i = 1; i <= file->options.keep; i++)
		if (!numbered(file, i, path, sizeof(path)))
			unlink(path);
}

/* ---- the buffer */

static void flush(struct series_file *file)
{
	size_t done = 0;
	int code = 0;

	if (!file->used)
		return;
	if (file->fd < 0)
		code = open_file(file);
	if (!code)
		code = write_rows(file, file->buffer, file->used, &done);
	file->state.rows += count_lines(file->buffer, done);
	file->state.lost_rows += count_lines(file->buffer + done, file->used - done);
	file->used = 0;
	if (code)
		note_failure(file, code);
}

void series_file__tend(struct series_file *file, uint64_t now_ns)
{
	if (file->used >= ENOUGH || (file->used && now_ns - file->pending >= SECOND_NS))
		flush(file);
}

void series_file__add(struct series_file *file, const char *line, size_t size, uint64_t now_ns)
{
	uint64_t limit = file->options.limit;
	int code;

	if (limit && file->size + file->used + size > limit) {
		flush(file);
		code = file->size + size > limit ? rotate(file) : 0;
		if (code)
			note_failure(file, code);
	}
	if (file->used + size > BUFFER)
		flush(file);
	if (!file->used)
		file->pending = now_ns;
	memcpy(file->buffer + file->used, line, size);
	file->used += size;
	series_file__tend(file, now_ns);
}

/* ---- from begin to end */

int series_file__new(const struct series_file_options *options, struct series_file **result, struct error *err)
{
	struct series_file *file = calloc(1, sizeof(*file));
	int code;

	if (!file)
		return error__set(err, -ENOMEM, "out of memory");
	file->options = *options;
	if (options->limit)
		remove_older(file);
	code = open_file(file);
	if (code) {
		free(file);
		return error__set(err, code, "cannot write to %s: %s",
				  options->path ? options->path : "standard output", error__reason(code));
	}
	*result = file;
	return 0;
}

const struct series_file_state *series_file__state(const struct series_file *file)
{
	return &file->state;
}

void series_file__close(struct series_file *file)
{
	if (!file)
		return;
	flush(file);
	if (file->fd >= 0 && close(file->fd))
		note_failure(file, -errno);
	file->fd = -1;
}

void series_file__free(struct series_file *file)
{
	series_file__close(file);
	free(file);
}
