/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A game server with 120 monsters and the effects of spells on each. An effect that is over is freed by the next tick
 * of its monster; but when a monster dies, it is freed and those that last are not: about 50 a second, 14 KB/s.
 */
#include "leaks.h"

enum { MONSTERS = 120, TICKED = 12 };

const char *const leaking[] = {"effect_new", NULL};

struct effect {
	struct effect *next;
	double until;
	char parameters[];
};

static struct monster {
	struct effect *effects;
	int health;
	char inventory[600];
} * monsters[MONSTERS];

SITE static struct effect *effect_new(double now)
{
	size_t size = sizeof(struct effect) + random_size(&rng, 64, 800);
	struct effect *effect = filled(malloc(size), size);

	effect->until = now + 0.2 + random_exponential(&rng, 0.8);
	return effect;
}

SITE static struct monster *monster_new(void)
{
	struct monster *monster = filled(malloc(sizeof(*monster)), sizeof(*monster));

	monster->effects = NULL;
	monster->health = 3 + (int)random_below(&rng, 12);
	return monster;
}

SITE static char *update_new(void)
{
	size_t size = random_size(&rng, 100, 8000);

	return filled(malloc(size), size);
}

static void tick(struct monster *monster, double now)
{
	for (struct effect **place = &monster->effects, *effect; (effect = *place);) {
		if (effect->until <= now) {
			*place = effect->next;
			free(effect);
		} else {
			place = &effect->next;
		}
	}
}

static void cast(struct monster **target, double now)
{
	struct effect *effect = effect_new(now);

	effect->next = (*target)->effects;
	(*target)->effects = effect;
	if (--(*target)->health > 0)
		return;
	free(*target);
	*target = monster_new();
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 180), &rng);

	for (unsigned i = 0; i < MONSTERS; i++)
		monsters[i] = monster_new();
	while (next(&pace)) {
		char *update = update_new();

		cast(&monsters[random_below(&rng, MONSTERS)], pace.now);
		for (unsigned i = 0; i < TICKED; i++)
			tick(monsters[random_below(&rng, MONSTERS)], pace.now);
		work(20);
		free(update);
	}
}
