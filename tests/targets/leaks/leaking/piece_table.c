/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An editor whose text is a list of pieces. What is typed becomes a new piece, about 160 small ones a second; what is
 * erased has length zero from then on, but stays in the list. So the text has some 10 KB, but the list grows by 8 KB/s.
 */
#include "leaks.h"

enum { TEXT_MAX = 10000, SHOWN = 40, PIECE_MAX = 48 };

const char *const leaking[] = {"piece_new", NULL};

struct piece {
	struct piece *before, *after;
	size_t length;
	char text[];
};

static struct piece ends = {.before = &ends, .after = &ends}, *cursor = &ends;
static size_t length;

SITE static struct piece *piece_new(void)
{
	size_t size = random_size(&rng, 8, PIECE_MAX);
	struct piece *piece = filled(malloc(sizeof(*piece) + size), sizeof(*piece) + size);

	piece->length = size;
	return piece;
}

static void type(void)
{
	struct piece *piece = piece_new();

	piece->before = cursor;
	piece->after = cursor->after;
	piece->after->before = cursor->after = piece;
	cursor = piece;
	length += piece->length;
}

static void erase(void)
{
	while (!cursor->length)
		cursor = cursor->before;
	length -= cursor->length;
	cursor->length = 0;
}

static void move(void)
{
	bool forth = random_chance(&rng, 0.5);

	for (uint64_t steps = random_below(&rng, 100); steps; steps--)
		cursor = forth ? cursor->after : cursor->before;
}

SITE static char *line_new(void)
{
	size_t size = SHOWN * PIECE_MAX;

	return filled(malloc(size), size);
}

static void show(void)
{
	const struct piece *piece = cursor;
	char *line = line_new(), *end = line;

	for (unsigned i = 0; i < SHOWN; i++, piece = piece->before) {
		memcpy(end, piece->text, piece->length);
		end += piece->length;
	}
	work(20);
	free(line);
}

static void edit(void)
{
	if (random_chance(&rng, 0.1))
		move();
	if (length < TEXT_MAX || random_chance(&rng, 0.5))
		type();
	else
		erase();
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 330), &rng);

	while (next(&pace)) {
		edit();
		show();
	}
}
