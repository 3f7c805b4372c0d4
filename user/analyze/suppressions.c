/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/suppressions.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/report.h"
#include "lib/array.h"

#define KIND "leak:"

struct suppressions {
	char **patterns;
	size_t count, capacity;
};

/* ---- matching */

static const char *find_part(const char *text, const char *part, size_t length)
{
	size_t rest = strlen(text);

	for (; rest >= length; text++, rest--)
		if (!memcmp(text, part, length))
			return text;
	return NULL;
}

/* The parts between asterisks, one after the other, each as early as it can be; a last one at the end, if so marked. */
static bool matches(const char *pattern, const char *text)
{
	bool anchored = *pattern == '^';

	for (pattern += anchored;; anchored = false) {
		size_t length = strcspn(pattern, "*"), rest = strlen(text);
		bool last = !pattern[length], ends = last && length && pattern[length - 1] == '$';
		const char *found;

		length -= ends;
		if (anchored)
			found = rest >= length && !memcmp(text, pattern, length) ? text : NULL;
		else if (ends)
			found = rest >= length && !memcmp(text + rest - length, pattern, length) ? text + rest - length
												 : NULL;
		else
			found = find_part(text, pattern, length);
		if (!found || (ends && found[length]))
			return false;
		if (last)
			return true;
		text = found + length;
		pattern += length + 1;
	}
}

static bool matches_frame(const char *pattern, const struct report_frame *frame)
{
	return (frame->function && matches(pattern, frame->function)) ||
	       (frame->file && matches(pattern, frame->file)) || (frame->object && matches(pattern, frame->object));
}

size_t suppressions__find(const struct suppressions *suppressions, const struct report_frame *frames, size_t count)
{
	for (size_t i = 0; i < suppressions__count(suppressions); i++)
		for (size_t f = 0; f < count; f++)
			if (matches_frame(suppressions->patterns[i], &frames[f]))
				return i;
	return SUPPRESSIONS_NONE;
}

/* ---- reading */

static int add_pattern(struct suppressions *suppressions, const char *text, size_t length)
{
	char *pattern = strndup(text, length);

	if (pattern && array__push(suppressions->patterns, suppressions->count, suppressions->capacity, pattern))
		return 0;
	free(pattern);
	return -ENOMEM;
}

/* Of a line without its end. */
static int parse_line(struct suppressions *suppressions, const char *line, size_t length)
{
	while (length && isspace((unsigned char)*line)) {
		line++;
		length--;
	}
	while (length && isspace((unsigned char)line[length - 1]))
		length--;
	if (!length || *line == '#')
		return 0;
	if (length <= strlen(KIND) || strncmp(line, KIND, strlen(KIND)) != 0)
		return -EINVAL;
	return add_pattern(suppressions, line + strlen(KIND), length - strlen(KIND));
}

int suppressions__parse(const char *text, const char *name, struct suppressions **suppressions, struct error *err)
{
	struct suppressions *made = calloc(1, sizeof(*made));
	int code = made ? 0 : -ENOMEM;
	unsigned line = 0;

	while (!code && *text) {
		size_t length = strcspn(text, "\n");

		line++;
		code = parse_line(made, text, length);
		text += length + (text[length] == '\n');
	}
	if (!code) {
		*suppressions = made;
		return 0;
	}
	suppressions__free(made);
	if (code == -EINVAL)
		return error__set(err, code, "%s, line %u: not a suppression: use %sPATTERN", name, line, KIND);
	return error__set(err, code, "cannot read %s: out of memory", name);
}

void suppressions__free(struct suppressions *suppressions)
{
	if (!suppressions)
		return;
	for (size_t i = 0; i < suppressions->count; i++)
		free(suppressions->patterns[i]);
	free(suppressions->patterns);
	free(suppressions);
}

size_t suppressions__count(const struct suppressions *suppressions)
{
	return suppressions ? suppressions->count : 0;
}

const char *suppressions__pattern(const struct suppressions *suppressions, size_t i)
{
	return suppressions->patterns[i];
}
