/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects with a garbage collector of two generations. When 250 new ones were made, about every second, the young that
 * nobody reaches are freed; those that survive this twice become old. The old are looked at only when they are twice as
 * many as were left the last time, which is every few seconds. All variables have a value from the start.
 */
#include "leaks.h"

enum { VARIABLES = 500, NURSERY = 250, AGE = 2 };

const char *const leaking[] = {NULL};

struct object {
	struct object *next, *child;
	unsigned survived, reached; /* reached: in which collection it was last */
	char data[];
};

static struct object *variables[VARIABLES], *young, *old;
static unsigned made, old_count, old_limit = 2 * VARIABLES, collection;

SITE static struct object *object_new(struct object *child)
{
	size_t size = sizeof(struct object) + random_size(&rng, 24, 1200);
	struct object *object = filled(malloc(size), size);

	*object = (struct object){.next = young, .child = child};
	young = object;
	made++;
	return object;
}

/* The new value may know the one before, but no further. */
static void assign(struct object **variable)
{
	struct object *before = *variable, *child = NULL;

	if (before && random_chance(&rng, 0.3)) {
		before->child = NULL;
		child = before;
	}
	*variable = object_new(child);
}

static void mark(void)
{
	collection++;
	for (unsigned i = 0; i < VARIABLES; i++)
		for (struct object *object = variables[i]; object; object = object->child)
			object->reached = collection;
}

static void promote(struct object **link)
{
	struct object *object = *link;

	*link = object->next;
	object->next = old;
	old = object;
	old_count++;
}

static void sweep_young(void)
{
	for (struct object **link = &young, *object; (object = *link);) {
		if (object->reached != collection) {
			*link = object->next;
			free(object);
		} else if (++object->survived == AGE) {
			promote(link);
		} else {
			link = &object->next;
		}
	}
	made = 0;
}

static void sweep_old(void)
{
	for (struct object **link = &old, *object; (object = *link);) {
		if (object->reached == collection) {
			link = &object->next;
			continue;
		}
		*link = object->next;
		free(object);
		old_count--;
	}
	old_limit = 2 * old_count;
}

static void collect(void)
{
	mark();
	sweep_young();
	if (old_count > old_limit)
		sweep_old();
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 260), &rng);

	for (unsigned i = 0; i < VARIABLES; i++)
		assign(&variables[i]);
	while (next(&pace)) {
		assign(&variables[random_size(&rng, 1, VARIABLES) - 1]);
		work(25);
		if (made >= NURSERY)
			collect();
	}
}
