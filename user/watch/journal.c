/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watch/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/error.h"
#include "lib/json_value.h"
#include "render/pieces.h"

static int64_t unix_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void rotate(const char *path, int fd)
{
	char old[PATH_MAX];
	struct stat file;

	if (fstat(fd, &file) || file.st_size < JOURNAL_SIZE_MAX)
		return;
	if ((size_t)snprintf(old, sizeof(old), "%s.1", path) < sizeof(old))
		rename(path, old); /* else it grows on: that is better than to lose it */
}

/* A line that could only be written in part is taken back. */
static int append(const char *path, const char *line, size_t size)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), code = 0;
	struct stat before;
	ssize_t n;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &before))
		code = -errno;
	n = code ? -1 : write(fd, line, size);
	if (!code && n != (ssize_t)size) {
		code = n < 0 ? -errno : -ENOSPC;
		if (n > 0 && ftruncate(fd, before.st_size))
			code = -errno;
	}
	rotate(path, fd);
	close(fd);
	return code;
}

static void note_result(struct journal *journal, int code)
{
	if (code)
		journal->lost++;
	if (code && code != journal->failing)
		warn("cannot write %s: %s; events are told here only", journal->path, error__reason(code));
	if (!code && journal->failing)
		warn("%s can be written again; %llu events are not in it", journal->path,
		     (unsigned long long)journal->lost);
	journal->failing = code;
}

static void write_line(struct journal *journal, const char *event, json_t *details)
{
	json_t *line = json_object();
	char *text;

	json_object_set_new(line, "time", json_value__time(unix_now()));
	json_object_set_new(line, "event", json_string(event));
	if (details)
		json_object_update(line, details);
	text = json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(15));
	json_decref(line);
	if (text) {
		struct buf buf = {0};

		buf__add_format(&buf, "%s\n", text);
		note_result(journal, buf__failed(&buf) ? -ENOMEM : append(journal->path, buf.data, buf.size));
		buf__free(&buf);
	}
	free(text);
}

void journal__write(struct journal *journal, const char *event, json_t *details, const char *words, ...)
{
	struct buf escaped = {0};
	char text[1024];
	va_list args;

	va_start(args, words);
	vsnprintf(text, sizeof(text), words, args);
	va_end(args);
	pieces__add_escaped(&escaped, text);
	fprintf(stderr, "memtrawl: %s\n", escaped.data ? escaped.data : "");
	buf__free(&escaped);
	if (journal->path)
		write_line(journal, event, details);
	json_decref(details);
}
