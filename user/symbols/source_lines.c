/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbols/source_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/file.h"
#include "lib/hash.h"

struct wanted {
	uint32_t file; /* string of the profile */
	uint32_t line;
};

struct source_lines {
	char **texts;
	size_t count, capacity;
	struct index_map *by_place;
};

/* ---- files */

static bool is_source(const char *path)
{
	static const char *const endings[] = {
		"c", "cc", "cpp", "cxx", "c++", "C",   "h",   "hh",  "hpp", "hxx", "inc", "ipp",  "tcc", "def",
		"y", "l",  "rs",  "go",  "zig", "d",   "py",  "pyx", "pxd", "js",  "ts",  "java", "kt",  "swift",
		"m", "mm", "f90", "f",   "adb", "ads", "pas", "nim", "cr",  "ml",  "hs",  "S",    "s",   "asm"};
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot && i < ARRAY_SIZE(endings); i++)
		if (!strcmp(dot + 1, endings[i]))
			return true;
	return false;
}

static int open_source(const char *path)
{
	int found = open(path, O_PATH | O_CLOEXEC);

	return found < 0 ? -errno : file__open_found(found);
}

/* Two dots in a foreign path could lead out of the folder. */
static int open_below(const char *folder, const char *path)
{
	char whole[PATH_MAX];
	int fd = -ENOENT;

	for (const char *rest = path; rest && *rest && fd < 0;) {
		int length = snprintf(whole, sizeof(whole), "%s/%s", folder, rest);

		if (length > 0 && (size_t)length < sizeof(whole) && !strstr(rest, "../"))
			fd = open_source(whole);
		rest = strchr(rest + 1, '/');
		rest = rest ? rest + 1 : NULL;
	}
	return fd;
}

static char *read_source(const char *path, const char *folder)
{
	char link[64], *text = NULL;
	size_t size;
	int fd;

	if (!is_source(path))
		return NULL;
	fd = open_source(path);
	if (fd < 0 && folder)
		fd = open_below(folder, path);
	if (fd < 0)
		return NULL;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	(void)file__read(AT_FDCWD, link, SOURCE_FILE_MAX, &text, &size);
	close(fd);
	return text;
}

/* ---- lines */

static uint64_t place_key(const char *file, uint32_t line)
{
	return fnv64_u64(fnv64_string(FNV64_BASIS, file), line);
}

static char *trim(const char *text, size_t length)
{
	while (length && strchr(" \t\r\f\v", text[0]))
		text++, length--;
	while (length && strchr(" \t\r\f\v", text[length - 1]))
		length--;
	return strndup(text, length < SOURCE_LINE_MAX ? length : SOURCE_LINE_MAX);
}

static int add_line(struct source_lines *lines, const char *file, uint32_t number, const char *text, size_t length)
{
	char *line = trim(text, length);

	if (!line || !array__push(lines->texts, lines->count, lines->capacity, line)) {
		free(line);
		return -ENOMEM;
	}
	return index_map__put(lines->by_place, place_key(file, number), (uint32_t)(lines->count - 1));
}

/* Those of one file, in the order of their numbers. */
static int add_lines(struct source_lines *lines, const char *file, const char *text, const struct wanted *wanted,
		     size_t count)
{
	uint32_t number = 1;
	int code = 0;

	for (size_t i = 0; !code && i < count; number++) {
		size_t length = strcspn(text, "\n");

		if (number == wanted[i].line)
			code = add_line(lines, file, number, text, length);
		while (i < count && wanted[i].line <= number)
			i++;
		if (!text[length])
			break;
		text += length + 1;
	}
	return code;
}

static int compare(const void *left, const void *right)
{
	const struct wanted *a = left, *b = right;

	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	return a->line < b->line ? -1 : a->line > b->line;
}

static struct wanted *collect(const struct profile *profile, size_t *count)
{
	struct wanted *wanted = NULL;
	size_t capacity = 0;

	for (size_t i = 0; i < profile->location_count; i++) {
		const struct profile_location *location = &profile->locations[i];

		for (uint32_t j = 0; j < location->line_count; j++) {
			const struct profile_line *line = &location->lines[j];
			struct wanted one = {.line = line->line};

			if (!line->line || line->function == PROFILE_NONE)
				continue;
			one.file = profile->functions[line->function].filename;
			if (one.file != PROFILE_NONE && !array__push(wanted, *count, capacity, one))
				return wanted;
		}
	}
	if (*count)
		qsort(wanted, *count, sizeof(*wanted), compare);
	return wanted;
}

static int read_all(struct source_lines *lines, const struct profile *profile, const char *folder)
{
	size_t count = 0, end;
	struct wanted *wanted = collect(profile, &count);
	int code = 0;

	for (size_t i = 0; !code && i < count; i = end) {
		const char *file = profile__text(profile, wanted[i].file, "");
		char *text = read_source(file, folder);

		for (end = i; end < count && wanted[end].file == wanted[i].file; end++)
			;
		if (text)
			code = add_lines(lines, file, text, wanted + i, end - i);
		free(text);
	}
	free(wanted);
	return code;
}

struct source_lines *source_lines__read(const struct profile *profile, const char *folder)
{
	struct source_lines *lines = calloc(1, sizeof(*lines));

	if (lines)
		lines->by_place = index_map__new();
	if (lines && lines->by_place && !read_all(lines, profile, folder))
		return lines;
	source_lines__free(lines);
	return NULL;
}

void source_lines__free(struct source_lines *lines)
{
	if (!lines)
		return;
	for (size_t i = 0; i < lines->count; i++)
		free(lines->texts[i]);
	free(lines->texts);
	index_map__free(lines->by_place);
	free(lines);
}

const char *source_lines__find(const struct source_lines *lines, const char *file, uint32_t line)
{
	uint32_t index = file ? index_map__get(lines->by_place, place_key(file, line)) : INDEX_MAP_NONE;

	return index == INDEX_MAP_NONE ? NULL : lines->texts[index];
}
