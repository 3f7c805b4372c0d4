/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An audit log in a ring of 256 slots, written out about every 0.3 s. When the ring has wrapped since the last time,
 * once in 1.6 s, only what is at its start is written and freed, and what was at its end is overwritten later: some 15
 * lines a second, 8 KB/s.
 */
#include "leaks.h"

enum { SLOTS = 256 };

const char *const leaking[] = {"line_new", NULL};

static struct line {
	double time;
	size_t length;
	char text[];
} * slots[SLOTS];
static unsigned head, tail;

SITE static struct line *line_new(double now)
{
	size_t length = random_size(&rng, 60, 2000);
	struct line *line = filled(malloc(sizeof(*line) + length), sizeof(*line) + length);

	line->time = now;
	line->length = length;
	return line;
}

static void audit(double now)
{
	slots[head] = line_new(now);
	head = (head + 1) % SLOTS;
}

SITE static char *page_new(size_t size)
{
	return filled(malloc(size), size);
}

static void write_line(struct line *line)
{
	char *page = page_new(4096);

	memcpy(page, line->text, line->length);
	work(15);
	free(page);
	free(line);
}

static void flush(void)
{
	if (head < tail)
		tail = 0;
	while (tail < head)
		write_line(slots[tail++]);
}

SITE static char *request_new(void)
{
	size_t size = random_size(&rng, 100, 6000);

	return filled(malloc(size), size);
}

void program(void)
{
	double period = random_about(&rng, 0.3), due = period;
	struct pace pace = pace_random(random_about(&rng, 250), &rng);

	while (next(&pace)) {
		char *request = request_new();

		work(30);
		if (random_chance(&rng, 0.65))
			audit(pace.now);
		free(request);
		if (pace.now >= due) {
			flush();
			due += period;
		}
	}
}
