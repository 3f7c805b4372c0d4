/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names that are interned for good, but there are only some thousands of them, of Zipf-like frequencies: new ones come
 * ever more rarely, 45 a second after 20 s and 4 at the end.
 */
#include "leaks.h"

enum { NAMES_MAX = 3600 };

const char *const leaking[] = {NULL};

static char *names[NAMES_MAX];
static unsigned known;

SITE static char *intern(const char *text, size_t length)
{
	char *name = checked(malloc(length + 1));

	memcpy(name, text, length);
	name[length] = '\0';
	known++;
	return name;
}

SITE static char *read_line(size_t length)
{
	return filled(malloc(length), length);
}

static void handle(const char *line, size_t length, size_t names_that_are)
{
	size_t name = random_size(&rng, 1, names_that_are) - 1;

	if (!names[name])
		names[name] = intern(line, 20 + random_below(&rng, length - 20));
}

void program(void)
{
	struct pace pace = pace_random(300, &rng);
	size_t names_that_are = (size_t)random_about(&rng, NAMES_MAX / 1.2);

	while (next(&pace)) {
		size_t length = random_size(&rng, 100, 1000);
		char *line = read_line(length);

		work(25);
		handle(line, length, names_that_are);
		handle(line, length, names_that_are);
		free(line);
	}
}
