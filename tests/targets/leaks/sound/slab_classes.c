/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects of five sizes in slabs of 16 KiB from malloc. Each size is wanted now more, now less, and anew every few
 * seconds. Of the slabs that become empty two are kept for each size and the others freed; but those of small objects
 * rarely do.
 */
#include "leaks.h"

enum { CLASSES = 5, OBJECTS_MAX = 600, SLAB_BYTES = 16384, KEPT = 2 };

const char *const leaking[] = {NULL};

struct slab {
	struct slab *before, *after; /* in the ring of those that have room */
	struct object *unused;
	unsigned used, capacity;
	char data[];
};

struct object {
	struct slab *slab;
	struct object *next;
};

static struct class
{
	struct slab ring;
	size_t object_size;
	unsigned empty;
	double wanted, changes; /* how many objects, and until when */
	struct object *objects[OBJECTS_MAX];
	unsigned count;
} classes[CLASSES];

static void link_slab(struct class *class, struct slab *slab)
{
	slab->before = &class->ring;
	slab->after = class->ring.after;
	slab->after->before = class->ring.after = slab;
}

static void unlink_slab(struct slab *slab)
{
	slab->before->after = slab->after;
	slab->after->before = slab->before;
}

SITE static struct slab *slab_new(void)
{
	return filled(malloc(SLAB_BYTES), SLAB_BYTES);
}

static void add_slab(struct class *class)
{
	struct slab *slab = slab_new();

	slab->unused = NULL;
	slab->used = 0;
	slab->capacity = (unsigned)((SLAB_BYTES - sizeof(*slab)) / class->object_size);
	for (unsigned i = 0; i < slab->capacity; i++) {
		struct object *object = (void *)(slab->data + i * class->object_size);

		*object = (struct object){.slab = slab, .next = slab->unused};
		slab->unused = object;
	}
	link_slab(class, slab);
	class->empty++;
}

static struct object *object_get(struct class *class)
{
	struct slab *slab;
	struct object *object;

	if (class->ring.after == &class->ring)
		add_slab(class);
	slab = class->ring.after;
	object = slab->unused;
	slab->unused = object->next;
	if (!slab->used++)
		class->empty--;
	if (!slab->unused)
		unlink_slab(slab);
	return object;
}

static void object_put(struct class *class, struct object *object)
{
	struct slab *slab = object->slab;

	if (!slab->unused)
		link_slab(class, slab);
	object->next = slab->unused;
	slab->unused = object;
	if (--slab->used)
		return;
	if (class->empty == KEPT) {
		unlink_slab(slab);
		free(slab);
	} else {
		class->empty++;
	}
}

static void release_any(struct class *class)
{
	struct object **place = &class->objects[random_below(&rng, class->count)];

	object_put(class, *place);
	*place = class->objects[--class->count];
}

static void want(struct class *class, double now)
{
	static const double levels[] = {0.3, 0.6, 1};

	class->wanted = OBJECTS_MAX * levels[random_below(&rng, LENGTH(levels))] * (0.95 + 0.05 * random_unit(&rng));
	class->changes = now + 1.5 + 2 * random_unit(&rng);
}

static void step(struct class *class, double now)
{
	if (now >= class->changes)
		want(class, now);
	for (unsigned i = 0; i < 8; i++) {
		if (class->count && random_chance(&rng, 0.4))
			release_any(class);
		else if (class->count < class->wanted)
			class->objects[class->count++] = object_get(class);
		else
			release_any(class);
	}
}

SITE static char *request_new(void)
{
	size_t size = random_size(&rng, 64, 2500);

	return filled(malloc(size), size);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 400), &rng);

	for (unsigned i = 0; i < CLASSES; i++) {
		classes[i].ring.before = classes[i].ring.after = &classes[i].ring;
		classes[i].object_size = (size_t)64 << i;
	}
	while (next(&pace)) {
		char *request = request_new();

		work(15);
		step(&classes[random_below(&rng, CLASSES)], pace.now);
		free(request);
	}
}
