/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/text_page.h"

#include "lib/units.h"
#include "render/pieces.h"

void text_page__end_line(struct text_page *page)
{
	pieces__add_line(page->out, &page->line, page->width);
}

const char *text__bytes(char text[32], uint64_t count)
{
	return units__format_bytes(text, 32, (double)count);
}

const char *text__signed_bytes(char text[32], int64_t change)
{
	text[0] = '+';
	units__format_bytes(change > 0 ? text + 1 : text, 31, (double)change);
	return text;
}

const char *text__plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}
