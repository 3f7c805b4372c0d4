/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The particles of a game's explosions, each of which flies for 1 to 3 s. Those that are over go to a pool for the next
 * ones; when more than 700 are in it, all but 200 are freed. Some 700 fly at a time, and never more than 1800.
 */
#include "leaks.h"

enum { LOW = 200, HIGH = 700, FLYING_MAX = 1800 };

const char *const leaking[] = {NULL};

struct particle {
	struct particle *next;
	double ends;
	float place[3], speed[3];
	char texture[256];
};

static struct particle *flying, *pool;
static unsigned flying_count, pooled;

SITE static struct particle *particle_new(void)
{
	return filled(malloc(sizeof(struct particle)), sizeof(struct particle));
}

static struct particle *particle_get(void)
{
	struct particle *particle = pool;

	if (!particle)
		return particle_new();
	pool = particle->next;
	pooled--;
	return particle;
}

static void trim(void)
{
	while (pooled > LOW) {
		struct particle *particle = pool;

		pool = particle->next;
		free(particle);
		pooled--;
	}
}

static void particle_put(struct particle *particle)
{
	particle->next = pool;
	pool = particle;
	if (++pooled > HIGH)
		trim();
}

static void explode(double now)
{
	for (uint64_t i = 100 + random_below(&rng, 300); i && flying_count < FLYING_MAX; i--) {
		struct particle *particle = particle_get();

		particle->ends = now + 1 + 2 * random_unit(&rng);
		particle->next = flying;
		flying = particle;
		flying_count++;
	}
}

static void move_all(double now)
{
	for (struct particle **link = &flying, *particle; (particle = *link);) {
		if (particle->ends > now) {
			particle->place[0] += particle->speed[0];
			link = &particle->next;
		} else {
			*link = particle->next;
			flying_count--;
			particle_put(particle);
		}
	}
}

SITE static char *sound_new(void)
{
	size_t size = random_size(&rng, 500, 9000);

	return filled(malloc(size), size);
}

static void play_sound(void)
{
	char *sound = sound_new();

	work(100);
	free(sound);
}

void program(void)
{
	struct pace pace = pace_regular(40);

	while (next(&pace)) {
		if (random_chance(&rng, 0.035))
			explode(pace.now);
		move_all(pace.now);
		play_sound();
	}
}
