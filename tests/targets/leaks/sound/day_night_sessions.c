/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions that end 3 s after their last request, at most. Days of 8 s, when twice as many come as in the nights
 * between, of 8 s too: some 130 and some 250 sessions of 2.5 KB are there in turn.
 */
#include "leaks.h"

enum { SESSIONS_MAX = 1000, TIMEOUT = 3 };

const char *const leaking[] = {NULL};

static struct session {
	double used;
	unsigned requests; /* still to come */
	size_t room;
	char *basket; /* if there is anything in it */
	char state[];
} * sessions[SESSIONS_MAX];
static unsigned count;

SITE static struct session *session_new(double now)
{
	size_t size = sizeof(struct session) + random_size(&rng, 500, 6000);
	struct session *session = filled(malloc(size), size);

	session->used = now;
	session->requests = (unsigned)random_exponential(&rng, 6);
	session->room = 0;
	session->basket = NULL;
	return session;
}

SITE static void basket_grow(struct session *session)
{
	session->room += 256;
	session->basket = checked(realloc(session->basket, session->room));
}

static void session_free(struct session *session)
{
	free(session->basket);
	free(session);
}

static void expire(double now)
{
	for (unsigned i = count; i-- > 0;) {
		if (sessions[i]->used + TIMEOUT > now)
			continue;
		session_free(sessions[i]);
		sessions[i] = sessions[--count];
	}
}

SITE static char *render(void)
{
	size_t size = random_size(&rng, 400, 10000);

	return filled(malloc(size), size);
}

static void request(struct session *session, double now)
{
	char *page;

	if (!session->requests)
		return;
	page = render();
	work(25);
	session->requests--;
	session->used = now;
	memcpy(session->state, page, 400);
	if (random_chance(&rng, 0.2))
		basket_grow(session);
	free(page);
}

static bool is_day(double now, double length)
{
	return (unsigned)(now / length) % 2;
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 350), &rng);
	double length = random_about(&rng, 8), arrivals = random_about(&rng, 20);

	while (next(&pace)) {
		double chance = arrivals * (is_day(pace.now, length) ? 2 : 1) / pace.rate;

		expire(pace.now);
		if (count < SESSIONS_MAX && random_chance(&rng, chance))
			sessions[count++] = session_new(pace.now);
		if (count)
			request(sessions[random_below(&rng, count)], pace.now);
	}
}
