/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Measurements that are collected for about 6 s, some 2 MB, then summed up and all freed at once: a saw-tooth. */
#include "leaks.h"

const char *const leaking[] = {NULL};

static struct measurement {
	struct measurement *next;
	size_t size;
	unsigned char values[];
} * batch;

SITE static struct measurement *read_measurement(void)
{
	size_t size = random_size(&rng, 64, 4096);
	struct measurement *measurement = filled(malloc(sizeof(*measurement) + size), sizeof(*measurement) + size);

	measurement->size = size;
	return measurement;
}

SITE static uint64_t *sums_new(size_t count)
{
	return checked(calloc(count, sizeof(uint64_t)));
}

static void sum_up(void)
{
	uint64_t *sums = sums_new(4096);

	for (struct measurement *measurement = batch, *following; measurement; measurement = following) {
		for (size_t i = 0; i < measurement->size; i++)
			sums[i] += measurement->values[i];
		following = measurement->next;
		free(measurement);
	}
	free(sums);
	batch = NULL;
}

void program(void)
{
	double period = random_about(&rng, 6), due = period;
	struct pace pace = pace_random(random_about(&rng, 400), &rng);

	while (next(&pace)) {
		struct measurement *measurement = read_measurement();

		measurement->next = batch;
		batch = measurement;
		work(20);
		if (pace.now >= due) {
			sum_up();
			due += period;
		}
	}
}
