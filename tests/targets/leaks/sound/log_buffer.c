/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of a log that are kept until there are about a thousand, then written and freed: every 3 s or so. */
#include "leaks.h"

enum { LINES_MAX = 1200 };

const char *const leaking[] = {NULL};

static char *lines[LINES_MAX];
static unsigned count;

SITE static char *format_line(void)
{
	size_t size = random_size(&rng, 40, 400);
	char *line = filled(malloc(size), size);

	line[size - 1] = '\n';
	return line;
}

SITE static char *join_new(size_t size)
{
	return filled(malloc(size), size);
}

static void flush(void)
{
	for (unsigned i = 0; i < count; i++)
		free(lines[i]);
	count = 0;
}

static void serve(void)
{
	char *joined = join_new(random_size(&rng, 200, 5000));

	work(25);
	lines[count++] = format_line();
	free(joined);
}

void program(void)
{
	struct pace pace = pace_random(330, &rng);
	unsigned full = (unsigned)random_about(&rng, LINES_MAX / 1.2);

	while (next(&pace)) {
		serve();
		if (count >= full)
			flush();
	}
}
