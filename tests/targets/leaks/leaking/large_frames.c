/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A decoder with frames of some 256 KB, about 12 a second, of which the latest four are kept for reference. One that
 * turns out to be damaged, 4 %, does not go among those, nor anywhere else: 250 KB about every 2 s.
 */
#include "leaks.h"

enum { REFERENCES = 4, FRAME_BYTES = 256 << 10 };

const char *const leaking[] = {"frame_new", NULL};

static unsigned char *references[REFERENCES];
static unsigned decoded;
static size_t frame_size;

SITE static unsigned char *frame_new(void)
{
	return filled(malloc(frame_size), frame_size);
}

SITE static unsigned char *read_packet(void)
{
	size_t size = random_size(&rng, 188, 12000);

	return filled(malloc(size), size);
}

static void decode(void)
{
	unsigned char *frame = frame_new(), **oldest;

	work(200);
	if (random_chance(&rng, 0.04))
		return;
	oldest = &references[decoded++ % REFERENCES];
	free(*oldest);
	*oldest = frame;
}

void program(void)
{
	double period = 1 / random_about(&rng, 12), due = 0;
	struct pace pace = pace_random(random_about(&rng, 250), &rng);

	frame_size = (size_t)random_about(&rng, FRAME_BYTES);
	while (next(&pace)) {
		unsigned char *packet = read_packet();

		work(20);
		free(packet);
		if (pace.now >= due) {
			decode();
			due += period;
		}
	}
}
