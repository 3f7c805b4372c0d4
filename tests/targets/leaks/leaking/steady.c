/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A server of lines that forgets the header it makes for each answer: about 300 blocks of one size a second, 58 KB/s.
 */
#include "leaks.h"

enum { HEADER_BYTES = 192, SESSIONS = 48 };

const char *const leaking[] = {"make_header", NULL};

static void *sessions[SESSIONS];

SITE static char *read_line(size_t length)
{
	return filled(malloc(length), length);
}

SITE static char *make_header(size_t length)
{
	char *header = filled(malloc(HEADER_BYTES), HEADER_BYTES);

	memcpy(header, &length, sizeof(length));
	return header;
}

SITE static void *session_new(void)
{
	size_t size = random_size(&rng, 256, 2048);

	return filled(malloc(size), size);
}

static void log_in(void)
{
	void **session = &sessions[random_below(&rng, SESSIONS)];

	free(*session);
	*session = session_new();
}

static unsigned send_answer(const char *line, size_t length, const char *header)
{
	return (unsigned)(line[length - 1] ^ header[0]);
}

static void serve(void)
{
	size_t length = random_size(&rng, 64, 2048);
	char *line = read_line(length);

	work(25);
	send_answer(line, length, make_header(length));
	free(line);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 300), &rng);

	while (next(&pace)) {
		if (random_chance(&rng, 0.2))
			log_in();
		serve();
	}
}
