/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions that expire 12 s after their last request, in a list by the time of that. About 20 a second log in, and only
 * the latest few are used, so some 270 are there from the 12th second on.
 */
#include "leaks.h"

enum { TTL = 12, RECENT = 20 };

const char *const leaking[] = {NULL};

struct session {
	struct session *before, *after; /* in a ring */
	double used;
	size_t size;
	char values[];
};

static struct session ring = {.before = &ring, .after = &ring};

SITE static struct session *session_new(void)
{
	size_t size = random_size(&rng, 300, 8000);
	struct session *session = filled(malloc(sizeof(*session) + size), sizeof(*session) + size);

	session->size = size;
	return session;
}

static void take(struct session *session)
{
	session->before->after = session->after;
	session->after->before = session->before;
}

static void put_latest(struct session *session, double now)
{
	session->used = now;
	session->before = ring.before;
	session->after = &ring;
	ring.before->after = session;
	ring.before = session;
}

static void expire(double now)
{
	while (ring.after != &ring && ring.after->used + TTL <= now) {
		struct session *session = ring.after;

		take(session);
		free(session);
	}
}

SITE static char *render(size_t size)
{
	return filled(malloc(size), size);
}

static void request(double now)
{
	struct session *session = ring.before;
	char *page;

	for (size_t i = random_size(&rng, 1, RECENT); i > 1 && session != &ring; i--)
		session = session->before;
	if (session == &ring)
		return;
	page = render(session->size * 2);
	work(20);
	take(session);
	put_latest(session, now);
	free(page);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 350), &rng);
	double logins = random_about(&rng, 20);

	while (next(&pace)) {
		expire(pace.now);
		if (random_chance(&rng, logins / pace.rate))
			put_latest(session_new(), pace.now);
		request(pace.now);
	}
}
