/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A shipper of logs that sends some 50 batches of lines a second to a collector. A batch that is refused, 1 of 4, waits
 * in a queue to be sent again, but only 4 a second are: so the queue becomes ever longer, by about 13 KB/s.
 */
#include "leaks.h"

const char *const leaking[] = {"batch_new", NULL};

struct batch {
	struct batch *next;
	unsigned attempts;
	size_t size;
	char lines[];
};

static struct batch *first, **last = &first;

SITE static struct batch *batch_new(void)
{
	size_t size = random_size(&rng, 300, 4000);
	struct batch *batch = filled(malloc(sizeof(*batch) + size), sizeof(*batch) + size);

	batch->attempts = 0;
	batch->size = size;
	return batch;
}

SITE static char *compress(const struct batch *batch)
{
	size_t size = batch->size / 2;
	char *compressed = checked(malloc(size));

	memcpy(compressed, batch->lines, size);
	return compressed;
}

static void enqueue(struct batch *batch)
{
	batch->next = NULL;
	*last = batch;
	last = &batch->next;
}

static struct batch *dequeue(void)
{
	struct batch *batch = first;

	if (batch && !(first = batch->next))
		last = &first;
	return batch;
}

static void ship(struct batch *batch)
{
	char *compressed = compress(batch);

	work(120);
	free(compressed);
	batch->attempts++;
	if (random_chance(&rng, 0.25))
		enqueue(batch);
	else
		free(batch);
}

static void retry_one(void)
{
	struct batch *batch = dequeue();

	if (batch)
		ship(batch);
}

SITE static char *line_new(void)
{
	size_t size = random_size(&rng, 40, 900);

	return filled(malloc(size), size);
}

static void read_line(void)
{
	char *line = line_new();

	work(10);
	free(line);
}

void program(void)
{
	double due = 0;
	struct pace pace = pace_random(random_about(&rng, 300), &rng);

	while (next(&pace)) {
		read_line();
		if (random_chance(&rng, 0.17))
			ship(batch_new());
		if (pace.now >= due) {
			retry_one();
			due += 0.25;
		}
	}
}
