/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects with a garbage collector of their own: about every 10 s it marks what can be reached from the roots and frees
 * the rest. Some 120 KB are reachable, and just before that 0.5 to 0.9 MB are not.
 */
#include "leaks.h"

enum { ROOTS = 150, FIELDS = 3 };

const char *const leaking[] = {NULL};

static struct object {
	struct object *next; /* of all */
	struct object *fields[FIELDS];
	bool marked;
	char data[];
} * objects, *roots[ROOTS];

SITE static struct object *object_new(void)
{
	size_t size = sizeof(struct object) + random_size(&rng, 24, 1000);
	struct object *object = filled(malloc(size), size);

	memset(object->fields, 0, sizeof(object->fields));
	object->marked = false;
	object->next = objects;
	objects = object;
	return object;
}

static struct object *any_root(void)
{
	struct object **root = &roots[random_below(&rng, ROOTS)];

	return *root ? *root : (*root = object_new());
}

/* Some know an object of another tree, which so may outlive that. */
static void change_field(void)
{
	struct object *object = any_root(), *leaf = object_new();

	if (random_chance(&rng, 0.3))
		leaf->fields[0] = any_root()->fields[random_below(&rng, FIELDS)];
	object->fields[random_below(&rng, FIELDS)] = leaf;
}

static void mark(struct object *object)
{
	if (!object || object->marked)
		return;
	object->marked = true;
	for (unsigned i = 0; i < FIELDS; i++)
		mark(object->fields[i]);
}

static void sweep(void)
{
	for (struct object **link = &objects, *object; (object = *link);) {
		if (object->marked) {
			object->marked = false;
			link = &object->next;
		} else {
			*link = object->next;
			free(object);
		}
	}
}

static void collect_garbage(void)
{
	for (unsigned i = 0; i < ROOTS; i++)
		mark(roots[i]);
	sweep();
}

SITE static char *print(const struct object *object)
{
	size_t size = random_size(&rng, 50, 3000);
	char *text = filled(malloc(size), size);

	text[0] = object->data[0];
	return text;
}

static void step(void)
{
	if (random_chance(&rng, 0.15))
		roots[random_below(&rng, ROOTS)] = NULL;
	if (random_chance(&rng, 0.7))
		change_field();
	else
		free(print(any_root()));
	work(20);
}

void program(void)
{
	double period = random_about(&rng, 10), due = period;
	struct pace pace = pace_random(random_about(&rng, 350), &rng);

	while (next(&pace)) {
		step();
		if (pace.now >= due) {
			collect_garbage();
			due += period;
		}
	}
}
