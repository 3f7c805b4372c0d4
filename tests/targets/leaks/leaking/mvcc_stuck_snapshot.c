/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A database with versions of its rows: of each, those that no snapshot can see are freed about twice a second. After
 * some 8 s a reader keeps its snapshot for good, and so every version that is made from then on: about 20 KB/s.
 */
#include "leaks.h"

enum { ROWS = 300, READERS = 10 };

const char *const leaking[] = {"version_new", NULL};

static struct version {
	struct version *older;
	uint64_t transaction;
	char row[];
} * rows[ROWS];

static struct snapshot {
	uint64_t transaction;
	double ends;
} snapshots[READERS];
static uint64_t transactions;

SITE static struct version *version_new(void)
{
	size_t size = sizeof(struct version) + random_size(&rng, 100, 1000);
	struct version *version = filled(malloc(size), size);

	version->transaction = ++transactions;
	return version;
}

static void update(void)
{
	struct version **row = &rows[random_below(&rng, ROWS)], *version = version_new();

	version->older = *row;
	*row = version;
	work(40);
}

static uint64_t horizon(void)
{
	uint64_t least = transactions;

	for (unsigned i = 0; i < READERS; i++)
		if (snapshots[i].transaction < least)
			least = snapshots[i].transaction;
	return least;
}

static void free_older(struct version *version)
{
	struct version *older = version->older;

	version->older = NULL;
	while ((version = older)) {
		older = version->older;
		free(version);
	}
}

static void vacuum(void)
{
	uint64_t seen = horizon();

	for (unsigned i = 0; i < ROWS; i++) {
		struct version *version = rows[i];

		while (version && version->transaction > seen)
			version = version->older;
		if (version)
			free_older(version);
	}
}

SITE static char *answer_new(void)
{
	size_t size = random_size(&rng, 100, 4000);

	return filled(malloc(size), size);
}

static void query(const struct snapshot *snapshot)
{
	const struct version *version = rows[random_below(&rng, ROWS)];
	char *answer = answer_new();

	while (version && version->transaction > snapshot->transaction)
		version = version->older;
	if (version)
		memcpy(answer, version->row, 100);
	work(25);
	free(answer);
}

static void read_any(double now, double stuck)
{
	unsigned i = (unsigned)random_below(&rng, READERS);
	struct snapshot *snapshot = &snapshots[i];

	query(snapshot);
	if (now >= snapshot->ends && !(i == 0 && now >= stuck))
		*snapshot = (struct snapshot){.transaction = transactions, .ends = now + random_exponential(&rng, 0.5)};
}

void program(void)
{
	double stuck = random_about(&rng, 8), due = 0;
	struct pace pace = pace_random(random_about(&rng, 250), &rng);

	while (next(&pace)) {
		if (random_chance(&rng, 0.2))
			update();
		else
			read_any(pace.now, stuck);
		if (pace.now >= due) {
			vacuum();
			due += 0.5;
		}
	}
}
