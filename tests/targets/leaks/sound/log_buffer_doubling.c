/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A log in one buffer, that realloc doubles as it fills, to some 512 KiB; flushed and freed about every 8 s. */
#include "leaks.h"

const char *const leaking[] = {NULL};

static char *buffer;
static size_t used, room;

SITE static void buffer_grow(void)
{
	room = room ? 2 * room : 4096;
	buffer = checked(realloc(buffer, room));
}

static void log_line(const char *line, size_t length)
{
	while (used + length > room)
		buffer_grow();
	memcpy(buffer + used, line, length);
	used += length;
}

static void flush(void)
{
	free(buffer);
	buffer = NULL;
	used = room = 0;
}

SITE static char *format_line(size_t length)
{
	return filled(malloc(length), length);
}

static void serve(void)
{
	size_t length = random_size(&rng, 40, 400);
	char *line = format_line(length);

	work(20);
	log_line(line, length);
	free(line);
}

void program(void)
{
	double period = random_about(&rng, 8), due = period;
	struct pace pace = pace_random(random_about(&rng, 300), &rng);

	while (next(&pace)) {
		serve();
		if (pace.now >= due) {
			flush();
			due += period;
		}
	}
}
