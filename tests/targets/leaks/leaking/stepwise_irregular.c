/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reports of a few large blocks, made when there is cause, 3 to 9 s apart: the last report is kept, the one before is
 * lost. About 150 KB each. What they report is a bounded history of samples.
 */
#include "leaks.h"

enum { PAGES = 8, SAMPLES = 500 };

const char *const leaking[] = {"page_new", NULL};

static struct sample {
	double at;
	unsigned char values[];
} * samples[SAMPLES];
static char *report[PAGES];
static unsigned taken;

SITE static struct sample *sample_new(double now)
{
	size_t size = sizeof(struct sample) + random_size(&rng, 32, 800);
	struct sample *sample = filled(malloc(size), size);

	sample->at = now;
	return sample;
}

SITE static char *page_new(void)
{
	size_t size = random_size(&rng, 16384, 65536);

	return filled(malloc(size), size);
}

static void sample(double now)
{
	struct sample **place = &samples[taken++ % SAMPLES];

	free(*place);
	*place = sample_new(now);
	work(20);
}

static void make_report(void)
{
	unsigned pages = 3 + (unsigned)random_below(&rng, PAGES - 4);

	for (unsigned i = 0; i < PAGES; i++)
		report[i] = i < pages ? page_new() : NULL;
	work(40);
}

void program(void)
{
	double due = 3;
	struct pace pace = pace_regular(random_about(&rng, 400));

	while (next(&pace)) {
		sample(pace.now);
		if (pace.now >= due) {
			make_report();
			due += 3 + 6 * random_unit(&rng);
		}
	}
}
