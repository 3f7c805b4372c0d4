/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Batches of records that are collected for about 6 s, some 5 MB, then written and freed at once; below that saw-tooth,
 * a note on each record that was rejected, which stays: about 6 KB/s.
 */
#include "leaks.h"

enum { RECORDS = 4000 };

const char *const leaking[] = {"note_rejection", NULL};

static struct record {
	double at;
	size_t size;
	char fields[];
} * batch[RECORDS];
static unsigned collected;

static struct note {
	struct note *previous;
	double at;
	char why[];
} * notes;

SITE static struct record *read_record(double now)
{
	size_t size = sizeof(struct record) + random_size(&rng, 256, 8192);
	struct record *record = filled(malloc(size), size);

	record->at = now;
	record->size = size - sizeof(*record);
	return record;
}

SITE static void note_rejection(const struct record *record)
{
	size_t size = sizeof(struct note) + random_size(&rng, 100, 1000);
	struct note *note = filled(malloc(size), size);

	note->at = record->at;
	note->previous = notes;
	notes = note;
}

static void write_batch(void)
{
	work(200);
	while (collected)
		free(batch[--collected]);
}

static void collect(double now)
{
	struct record *record = read_record(now);

	work(20);
	if (random_chance(&rng, 0.04)) {
		note_rejection(record);
		free(record);
	} else {
		batch[collected++] = record;
	}
}

void program(void)
{
	double period = random_about(&rng, 6), due = period;
	struct pace pace = pace_random(random_about(&rng, 350), &rng);

	while (next(&pace)) {
		if (pace.now >= due || collected == RECORDS) {
			write_batch();
			due += period;
		}
		collect(pace.now);
	}
}
