/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several texts at a time, each a string that realloc lengthens by every piece until the text is complete, and it is
 * compressed and freed. A text that is broken off, 1 of 25, is lost: about 11 KB/s.
 */
#include "leaks.h"

enum { TEXTS = 12 };

const char *const leaking[] = {"text_append", NULL};

static struct text {
	char *string;
	size_t length;
	unsigned pieces; /* that are still to come */
} texts[TEXTS];

SITE static void text_append(struct text *text, const char *piece, size_t length)
{
	text->string = checked(realloc(text->string, text->length + length + 1));
	memcpy(text->string + text->length, piece, length);
	text->length += length;
	text->string[text->length] = '\0';
}

SITE static char *read_piece(size_t length)
{
	return filled(malloc(length), length);
}

SITE static char *compress(const struct text *text)
{
	char *compressed = filled(malloc(text->length / 2 + 1), text->length / 2 + 1);

	memcpy(compressed, text->string, text->length / 4);
	return compressed;
}

static void text_end(struct text *text)
{
	if (!random_chance(&rng, 0.04)) {
		free(compress(text));
		free(text->string);
	}
	*text = (struct text){.pieces = 4 + (unsigned)random_below(&rng, 16)};
	work(15);
}

void program(void)
{
	struct pace pace = pace_regular(random_about(&rng, 450));

	while (next(&pace)) {
		struct text *text = &texts[random_below(&rng, TEXTS)];
		size_t length = random_size(&rng, 100, 1800);
		char *piece = read_piece(length);

		work(20);
		text_append(text, piece, length);
		free(piece);
		if (!text->pieces--)
			text_end(text);
	}
}
