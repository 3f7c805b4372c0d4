/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/utf8.h"

#include "lib/buf.h"

size_t utf8__decode(const char *text, uint32_t *c)
{
	const unsigned char *b = (const unsigned char *)text;
	uint32_t value, least;
	size_t length;

	if (b[0] < 0x80) {
		*c = b[0];
		return 1;
	}
	length = b[0] >= 0xf0 ? 4 : b[0] >= 0xe0 ? 3 : 2;
	if (b[0] < 0xc2 || b[0] > 0xf4)
		return 0;
	value = b[0] & (0x7fu >> length);
	least = length == 4 ? 0x10000 : length == 3 ? 0x800 : 0x80;
	for (size_t i = 1; i < length; i++) { /* a NUL is no continuation, so this never reads beyond it */
		if ((b[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (b[i] & 0x3f);
	}
	if (value < least || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return 0;
	*c = value;
	return length;
}

char *utf8__clean(const char *text)
{
	struct buf buf = {0};
	uint32_t c;

	while (*text) {
		size_t length = utf8__decode(text, &c);

		if (length) {
			buf__add(&buf, text, length);
			text += length;
		} else {
			buf__add_string(&buf, "\xef\xbf\xbd");
			text++;
		}
	}
	return buf__take(&buf);
}
