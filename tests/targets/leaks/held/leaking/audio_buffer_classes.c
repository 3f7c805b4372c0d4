/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A mixer that keeps its buffers in lists by class of size. One is wanted by the class that its size is rounded up to,
 * but goes back to the one it is rounded down to: so what is made of the largest class is never found again, and the
 * list below grows: about 1 of 7 buffers, 25 a second, 75 KB/s. The other classes soon have what they need.
 */
#include "leaks.h"

enum { LEAST = 5, CLASSES = 7, VOICES = 60 };

const char *const leaking[] = {"buffer_new", NULL};

static struct buffer {
	struct buffer *next;
	size_t size;
	char samples[];
} * lists[CLASSES + 1], *voices[VOICES];

SITE static struct buffer *buffer_new(size_t size)
{
	struct buffer *buffer = filled(malloc(sizeof(*buffer) + size), sizeof(*buffer) + size);

	buffer->size = size;
	return buffer;
}

SITE static void *packet_new(void)
{
	size_t size = random_size(&rng, 200, 4000);

	return filled(malloc(size), size);
}

static unsigned rounded_down(size_t size)
{
	unsigned class = 0;

	while (size >> (LEAST + class + 1))
		class ++;
	return class;
}

static unsigned rounded_up(size_t size)
{
	return rounded_down(size - 1) + 1;
}

static struct buffer *get(size_t size)
{
	struct buffer **list = &lists[rounded_up(size)], *buffer = *list;

	if (!buffer)
		return buffer_new(size);
	*list = buffer->next;
	return buffer;
}

static void put(struct buffer *buffer)
{
	struct buffer **list = &lists[rounded_down(buffer->size)];

	buffer->next = *list;
	*list = buffer;
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 180), &rng);

	while (next(&pace)) {
		struct buffer **voice = &voices[random_below(&rng, VOICES)];
		void *packet = packet_new();

		if (*voice)
			put(*voice);
		*voice = get(random_size(&rng, (1 << LEAST) + 1, (1 << (LEAST + CLASSES)) - 1));
		work(20);
		free(packet);
	}
}
