/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/pieces.h"

#include <inttypes.h>
#include <string.h>

#include "lib/utf8.h"

/* Unicode's C1 controls, line and paragraph separators, and bidirectional controls (UAX #9). */
static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

void pieces__add_escaped(struct buf *out, const char *text)
{
	uint32_t c;

	while (*text) {
		size_t length = utf8__decode(text, &c);

		if (!length)
			buf__add_format(out, "\\x%02x", (unsigned char)*text);
		else if (is_control(c))
			buf__add_format(out, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
		else
			buf__add(out, text, length);
		text += length ? length : 1;
	}
}

const char *pieces__basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

void pieces__add_name(struct buf *out, const struct report_frame *frame)
{
	if (frame->function)
		buf__add_string(out, frame->function);
	else if (frame->object && frame->has_offset)
		buf__add_format(out, "%s+0x%" PRIx64, pieces__basename(frame->object), frame->offset);
	else if (frame->object)
		buf__add_string(out, frame->object);
	else if (frame->has_offset)
		buf__add_format(out, "0x%" PRIx64, frame->offset);
	else if (frame->file)
		buf__add_string(out, frame->file);
	else
		buf__add_string(out, "[no stack]");
}

void pieces__add_place(struct buf *out, const struct report_frame *frame)
{
	if (!frame->function)
		return;
	if (frame->file && frame->line)
		buf__add_format(out, "%s:%u", frame->file, frame->line);
	else if (frame->file)
		buf__add_string(out, frame->file);
	else if (frame->object)
		buf__add_string(out, pieces__basename(frame->object));
}

/*
 * A part of the text as jansson writes it, of whole characters. Outside strings all is plain ASCII, so what is found to
 * escape is within one.
 */
static int add_json_text(const char *text, size_t size, void *out)
{
	const char *copied = text, *end = text + size;
	size_t length;
	uint32_t c;

	for (; text < end; text += length ? length : 1) {
		length = 1;
		if ((unsigned char)*text < 0x7f) /* most of it */
			continue;
		length = utf8__decode(text, &c);
		if (length && is_control(c)) {
			buf__add(out, copied, (size_t)(text - copied));
			buf__add_format(out, "\\u%04X", c);
			copied = text + length;
		}
	}
	buf__add(out, copied, (size_t)(end - copied));
	return 0;
}

static void add_json(struct buf *out, json_t *root, size_t how)
{
	if (!root || json_dump_callback(root, add_json_text, out, how | JSON_REAL_PRECISION(15)))
		out->failed = true;
	json_decref(root);
}

void pieces__add_json(struct buf *out, json_t *root)
{
	add_json(out, root, JSON_INDENT(2));
	buf__add_string(out, "\n");
}

void pieces__add_json_compact(struct buf *out, json_t *root)
{
	add_json(out, root, JSON_COMPACT);
}

void pieces__add_csv(struct buf *out, const char *separator, const char *text)
{
	struct buf escaped = {0};
	const char *quote;

	pieces__add_escaped(&escaped, text);
	text = escaped.data ? escaped.data : "";
	quote = strpbrk(text, "\",") ? "\"" : "";
	buf__add_string(out, separator);
	buf__add_string(out, quote);
	for (; *text; text++)
		buf__add(out, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
	buf__add_string(out, quote);
	out->failed |= escaped.failed;
	buf__free(&escaped);
}

/* Where the text must be cut to be `width` characters long with an ellipsis as the last; its length if it fits. */
static size_t cut_at(const char *text, size_t width)
{
	size_t at = 0, used = 0, cut = 0;
	uint32_t c;

	while (text[at]) {
		size_t length = utf8__decode(text + at, &c);

		if (used + 1 == width)
			cut = at;
		if (++used > width)
			return cut;
		at += length ? length : 1;
	}
	return at;
}

void pieces__add_line(struct buf *out, struct buf *line, size_t width)
{
	size_t size = line->size, cut;

	while (size && line->data[size - 1] == ' ')
		size--;
	if (line->data)
		line->data[size] = '\0';
	cut = width && line->data ? cut_at(line->data, width) : size;
	buf__add(out, line->data, cut);
	buf__add_string(out, cut < size ? "\u2026\n" : "\n");
	if (buf__failed(line))
		out->failed = true;
	line->size = 0;
}
