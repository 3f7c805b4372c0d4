/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbols/perf_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/buf.h"

struct code {
	uint64_t start, limit;
	const char *name;
	size_t line; /* the later one is right */
};

struct perf_map {
	char *text;
	struct code *codes; /* by start, and of the same start by line */
	size_t count, capacity;
};

static int read_text(int fd, char **text)
{
	enum { PIECE = 1 << 16 };
	struct buf buf = {0};
	char *piece = malloc(PIECE);
	ssize_t got = piece ? 1 : 0;
	int code = piece ? 0 : -ENOMEM;

	while (got > 0 && buf.size < PERF_MAP_BYTES_MAX && !buf__failed(&buf)) {
		got = pread(fd, piece, PIECE, (off_t)buf.size); /* others may have the descriptor, too */
		if (got > 0)
			buf__add(&buf, piece, (size_t)got);
		else if (got < 0)
			code = -errno;
	}
	free(piece);
	if (!code && buf__failed(&buf))
		code = -ENOMEM;
	if (code)
		buf__free(&buf);
	else
		*text = buf__take(&buf);
	return code;
}

/* Hex, with 0x or not, without the signs and blanks that strtoull() takes. Moves *at behind the number and the blank
 * after it. */
static int parse_number(char **at, uint64_t *number)
{
	char *end;

	if (!strchr("0123456789abcdefABCDEF", **at) || !**at)
		return -EINVAL;
	errno = 0;
	*number = strtoull(*at, &end, 16);
	if (errno || *end != ' ')
		return -EINVAL;
	*at = end + 1;
	return 0;
}

static int add_line(struct perf_map *map, char *line, size_t number)
{
	struct code code = {.line = number};
	uint64_t size;

	if (parse_number(&line, &code.start) || parse_number(&line, &size) || !size || !*line ||
	    size > UINT64_MAX - code.start)
		return 0;
	code.limit = code.start + size;
	code.name = line;
	return array__push(map->codes, map->count, map->capacity, code) ? 0 : -ENOMEM;
}

static int compare(const void *a, const void *b)
{
	const struct code *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

int perf_map__read(int fd, struct perf_map **result)
{
	struct perf_map *map = calloc(1, sizeof(*map));
	char *rest, *line;
	size_t number = 0;
	int code = map ? read_text(fd, &map->text) : -ENOMEM;

	rest = code ? NULL : map->text;
	while (!code && (line = strsep(&rest, "\n")))
		if (rest) /* the last line may be half of one */
			code = add_line(map, line, number++);
	if (code) {
		perf_map__free(map);
		return code;
	}
	if (map->count)
		qsort(map->codes, map->count, sizeof(*map->codes), compare);
	*result = map;
	return 0;
}

void perf_map__free(struct perf_map *map)
{
	if (!map)
		return;
	free(map->codes);
	free(map->text);
	free(map);
}

/* Ranges may overlap: of the few that begin closest below the address, the one that was told last and covers it. */
const char *perf_map__find(const struct perf_map *map, uint64_t address)
{
	enum { NEAR = 16 };
	size_t low = 0, high = map->count;
	const struct code *found = NULL;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (map->codes[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = low; i > 0 && low - i < NEAR; i--) {
		const struct code *code = &map->codes[i - 1];

		if (address < code->limit && (!found || code->line > found->line))
			found = code;
	}
	return found ? found->name : NULL;
}
