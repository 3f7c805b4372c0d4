/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sessions of a TLS server in two tables. New ones go to the current; one that is resumed from the other moves
 * there. Every 3.5 s the current becomes the other, and what the other still had is freed. Some are resumed time and
 * again, but not later than 6 s after the handshake, so that none is there for longer than 13 s: some 500, 0.4 to 0.8
 * MB.
 */
#include "leaks.h"

enum { SLOTS = 512 };

const char *const leaking[] = {NULL};

struct session {
	struct session *next;
	double end;
	char secrets[];
};

static struct session *current[SLOTS], *other[SLOTS];

SITE static struct session *session_new(double now)
{
	size_t size = sizeof(struct session) + random_size(&rng, 300, 3500);
	struct session *session = filled(malloc(size), size);

	session->end = now + 6;
	return session;
}

SITE static char *record_new(void)
{
	size_t size = random_size(&rng, 100, 16000);

	return filled(malloc(size), size);
}

static void put(struct session *session, size_t slot)
{
	session->next = current[slot];
	current[slot] = session;
}

static void resume(size_t slot, double now)
{
	struct session *session = other[slot];

	if (!session)
		return;
	other[slot] = session->next;
	if (session->end > now)
		put(session, slot);
	else
		free(session);
}

static void rotate(void)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		for (struct session *session = other[i], *following; session; session = following) {
			following = session->next;
			free(session);
		}
		other[i] = current[i];
		current[i] = NULL;
	}
}

void program(void)
{
	double due = 3.5;
	struct pace pace = pace_random(random_about(&rng, 140), &rng);

	while (next(&pace)) {
		char *record = record_new();

		if (pace.now >= due) {
			rotate();
			due += 3.5;
		}
		if (random_chance(&rng, 0.5))
			put(session_new(pace.now), random_below(&rng, SLOTS));
		else
			resume(random_below(&rng, SLOTS), pace.now);
		work(30);
		free(record);
	}
}
