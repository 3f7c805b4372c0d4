/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects in a pool with a free list of its own: the more are in use at a time, the more it has from malloc, none of
 * which it gives back. It grows for about 10 s, to the high-water mark of some 1 MB; later peaks rarely exceed that.
 */
#include "leaks.h"

enum { OBJECT_BYTES = 800, OBJECTS_MAX = 2000, WARM_UP = 10 };

const char *const leaking[] = {NULL};

static struct object {
	struct object *next;
	char data[OBJECT_BYTES];
} * unused, *in_use[OBJECTS_MAX];
static unsigned uses;

SITE static struct object *pool_get(void)
{
	struct object *object = unused;

	if (object)
		unused = object->next;
	else
		object = checked(malloc(sizeof(*object)));
	return filled(object, sizeof(*object));
}

static void pool_put(struct object *object)
{
	object->next = unused;
	unused = object;
}

static void release_any(void)
{
	struct object **place = &in_use[random_below(&rng, uses)];

	pool_put(*place);
	*place = in_use[--uses];
}

SITE static char *message_new(size_t size)
{
	return filled(malloc(size), size);
}

/* How many are to be in use: rising at first, then of a new height every now and then. */
static double demand(double now, double high)
{
	static double height = 1;

	if (now < WARM_UP)
		return high * now / WARM_UP;
	if (random_chance(&rng, 0.002))
		height = 0.7 + 0.31 * random_unit(&rng);
	return high * height;
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 400), &rng);
	double high = random_about(&rng, 1200);

	while (next(&pace)) {
		char *message = message_new(random_size(&rng, 100, 2000));

		work(20);
		if (uses < demand(pace.now, high) && uses < OBJECTS_MAX)
			in_use[uses++] = pool_get();
		else if (uses)
			release_any();
		free(message);
	}
}
