/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/error.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#undef error__set /* see error.h */
#undef error__usage
#undef error__prefix

static void format(struct error *err, enum status status, const char *fmt, va_list args)
{
	if (!err)
		return;
	err->status = status;
	vsnprintf(err->text, sizeof(err->text), fmt, args);
}

int error__set(struct error *err, int code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	format(err, STATUS_REFUSED, fmt, args);
	va_end(args);
	return code;
}

int error__usage(struct error *err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	format(err, STATUS_USAGE, fmt, args);
	va_end(args);
	return -EINVAL;
}

int error__prefix(struct error *err, int code, const char *fmt, ...)
{
	char old[sizeof(err->text)];
	va_list args;
	int n;

	if (!err)
		return code;
	memcpy(old, err->text, sizeof(old));
	va_start(args, fmt);
	n = vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	if (n >= 0 && (size_t)n < sizeof(err->text))
		snprintf(err->text + n, sizeof(err->text) - (size_t)n, ": %.*s", (int)sizeof(old) - 1, old);
	return code;
}

/* File names and process names are foreign text: nothing of them may reach the terminal as a control sequence. */
static void print_escaped(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (iscntrl(*c) || (*c >= 0x80 && *c < 0xa0))
			fprintf(stderr, "\\x%02x", *c);
		else
			fputc(*c, stderr);
	}
}

enum status error__report(const struct error *err)
{
	fputs("memtrawl: ", stderr);
	print_escaped(err->text[0] ? err->text : "failed for an unknown reason");
	fputc('\n', stderr);
	return err->status ? err->status : STATUS_REFUSED;
}

void warn(const char *fmt, ...)
{
	char text[768];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fputs("memtrawl: warning: ", stderr);
	print_escaped(text);
	fputc('\n', stderr);
}

const char *error__reason(int err)
{
	static _Thread_local char text[128];

	snprintf(text, sizeof(text), "%s", strerror(abs(err)));
	if (isupper((unsigned char)text[0]) && islower((unsigned char)text[1]))
		text[0] = (char)tolower((unsigned char)text[0]);
	return text;
}
