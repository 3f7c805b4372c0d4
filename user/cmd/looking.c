/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/looking.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/array.h"
#include "lib/minmax.h"
#include "profile/looks.h"
#include "trace/read.h"

enum {
	LOOKS = 48,
	LEAST_MS = 200,
	FIRST = 8,  /* as many looks there are early on, in whatever time, as it may not come to more */
	SHARE = 20, /* of the time, one part in so many may be spent on looking */
	LONG_MS = 10,
};

/* At a program: what execs is another one. */
struct looked {
	const struct tracked *tracked;
	uint32_t generation;
	double from_seconds; /* how old its profile was at the first look */
	struct looks *looks;
};

struct looking {
	const struct session *session;
	uint64_t start_ns, next_ns;
	uint64_t interval_ns; /* at most; 0: as long as it takes for LOOKS in the time that has passed */
	struct looked *all;
	size_t count, capacity;
};

static struct looked *find(const struct looking *looking, const struct tracked *tracked)
{
	for (size_t i = 0; i < looking->count; i++)
		if (looking->all[i].tracked == tracked && looking->all[i].generation == tracked->generation)
			return &looking->all[i];
	return NULL;
}

static struct looked *begin(struct looking *looking, const struct tracked *tracked, double seconds)
{
	const struct looked looked = {
		.tracked = tracked,
		.generation = tracked->generation,
		.from_seconds = seconds,
		.looks = looks__new(),
	};

	if (looked.looks && array__push(looking->all, looking->count, looking->capacity, looked))
		return &looking->all[looking->count - 1];
	looks__free(looked.looks);
	return NULL;
}

static void look_at(struct looking *looking, const struct tracked *tracked)
{
	const struct read_options read = {0};
	struct looked *looked = find(looking, tracked);
	struct profile *profile = NULL;
	struct error err;

	if (session__profile(looking->session, tracked, &read, &profile, &err))
		return;
	if (!looked)
		looked = begin(looking, tracked, profile->seconds);
	if (looked)
		looks__add(looked->looks, profile, profile->seconds - looked->from_seconds);
	profile__free(profile);
}

static uint64_t interval(const struct looking *looking, uint64_t now)
{
	uint64_t passed = now - looking->start_ns, shortest = LEAST_MS * 1000000ULL;

	if (!looking->interval_ns)
		return max_u64(passed / LOOKS, shortest);
	return min_u64(max_u64(passed / FIRST, shortest), looking->interval_ns);
}

/*
 * New code waits for its unwind tables while a look is taken: what stacks are cut by that grows with the square of the
 * time that it takes. Of a window, whose looks are what it is for, that is put up with.
 */
static uint64_t rest_after(const struct looking *looking, uint64_t took)
{
	uint64_t longer = took / (LONG_MS * 1000000ULL);

	return took * SHARE * (looking->interval_ns ? 1 : max_u64(longer, 1));
}

void looking__look(struct looking *looking, uint64_t now)
{
	uint64_t took;

	if (now < looking->next_ns)
		return;
	for (size_t i = 0; i < looking->session->count; i++)
		if (!looking->session->tracked[i]->ended)
			look_at(looking, looking->session->tracked[i]);
	took = monotonic_ns() - now;
	looking->next_ns = now + max_u64(interval(looking, now), rest_after(looking, took));
}

struct looking *looking__new(const struct session *session, uint64_t window_ns)
{
	struct looking *looking = calloc(1, sizeof(*looking));

	if (!looking)
		return NULL;
	looking->session = session;
	looking->interval_ns = window_ns ? max_u64(window_ns / LOOKS, LEAST_MS * 1000000ULL) : 0;
	looking->start_ns = monotonic_ns();
	looking__look(looking, looking->start_ns);
	return looking;
}

void looking__end(struct looking *looking)
{
	for (size_t i = 0; i < looking->session->count; i++)
		look_at(looking, looking->session->tracked[i]);
}

int looking__give(const struct looking *looking, const struct tracked *tracked, struct profile *profile)
{
	const struct looked *looked = find(looking, tracked);

	return looked ? looks__give(looked->looks, profile) : 0;
}

void looking__free(struct looking *looking)
{
	if (!looking)
		return;
	for (size_t i = 0; i < looking->count; i++)
		looks__free(looking->all[i].looks);
	free(looking->all);
	free(looking);
}
