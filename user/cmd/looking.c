/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/looking.h"

#include <stdlib.h>

#include "lib/array.h"
#include "lib/minmax.h"
#include "lib/ticker.h"
#include "profile/looks.h"
#include "trace/read.h"
#include "trace/site_ids.h"

enum {
	LOOKS = 48,
	LEAST_MS = 200,
	FIRST = 8,  /* as many looks there are early on, in whatever time, as it may not come to more */
	SHARE = 20, /* of the time, one part in so many may be spent on looking */
};

/* At a program: what execs is another one. */
struct looked {
	uint32_t id;         /* MT_PROCESS */
	double from_seconds; /* how old its profile was at the first look */
	struct looks *looks;
	struct site_ids *ids; /* or NULL */
};

struct looking {
	struct session *session;
	struct ticker *ticker; /* NULL: there is none any more */
	uint64_t start_ns;
	uint64_t interval_ns; /* at most; 0: as long as it takes for LOOKS in the time that has passed */
	struct looked *all;
	size_t count, capacity;
};

static struct looked *find(const struct looking *looking, const struct tracked *tracked)
{
	for (size_t i = 0; i < looking->count; i++)
		if (looking->all[i].id == MT_PROCESS(tracked->slot, tracked__image(tracked)))
			return &looking->all[i];
	return NULL;
}

static void free_looked(struct looked *looked)
{
	looks__free(looked->looks);
	site_ids__free(looked->ids);
}

static struct looked *begin(struct looking *looking, const struct tracked *tracked, double seconds)
{
	struct looked looked = {
		.id = MT_PROCESS(tracked->slot, tracked__image(tracked)),
		.from_seconds = seconds,
		.looks = looks__new(),
		.ids = site_ids__new(),
	};

	if (looked.looks && array__push(looking->all, looking->count, looking->capacity, looked))
		return &looking->all[looking->count - 1];
	free_looked(&looked);
	return NULL;
}

static void look_at(struct looking *looking, const struct tracked *tracked)
{
	struct looked *looked = find(looking, tracked);
	const struct read_options read = {.ids = looked ? looked->ids : NULL};
	struct profile *profile = NULL;
	struct error err;

	if (session__profile_image(looking->session, tracked, tracked__image(tracked), &read, &profile, &err))
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

static void look_at_all(struct looking *looking, bool ended_too)
{
	struct tracked *view;

	for (size_t i = 0; session__view(looking->session, i, &view); i++) {
		if (view && (ended_too || !view->ended))
			look_at(looking, view);
		tracked__free(view);
	}
}

static uint64_t look(void *context, uint64_t now)
{
	struct looking *looking = context;

	look_at_all(looking, false);
	return now + max_u64(interval(looking, now), (monotonic_ns() - now) * SHARE);
}

struct looking *looking__new(struct session *session, uint64_t window_ns)
{
	struct looking *looking = calloc(1, sizeof(*looking));

	if (!looking)
		return NULL;
	looking->session = session;
	looking->interval_ns = window_ns ? max_u64(window_ns / LOOKS, LEAST_MS * 1000000ULL) : 0;
	looking->start_ns = monotonic_ns();
	looking->ticker = ticker__start(look, looking);
	if (looking->ticker)
		return looking;
	free(looking);
	return NULL;
}

void looking__pause(struct looking *looking)
{
	ticker__stop(looking->ticker);
	looking->ticker = NULL;
}

void looking__end(struct looking *looking)
{
	looking__pause(looking);
	look_at_all(looking, true);
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
	looking__pause(looking);
	for (size_t i = 0; i < looking->count; i++)
		free_looked(&looking->all[i]);
	free(looking->all);
	free(looking);
}
