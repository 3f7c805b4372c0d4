/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trees of elements, one for each document, of which only the root is freed: about 50 of 600 blocks a second stay, 7
 * KB/s. */
#include "leaks.h"

enum { CHILDREN = 3, DEPTH = 2 };

const char *const leaking[] = {"element_new", NULL};

struct element {
	struct element *children[CHILDREN];
	char name[];
};

SITE static struct element *element_new(void)
{
	size_t size = sizeof(struct element) + random_size(&rng, 16, 400);
	struct element *element = filled(malloc(size), size);

	memset(element->children, 0, sizeof(element->children));
	return element;
}

SITE static char *read_text(size_t size)
{
	return filled(malloc(size), size);
}

static struct element *parse(unsigned depth)
{
	struct element *element = element_new();

	work(10);
	for (unsigned i = 0; depth && i < CHILDREN; i++)
		if (random_chance(&rng, 0.6))
			element->children[i] = parse(depth - 1);
	return element;
}

static void free_all(struct element *element)
{
	if (!element)
		return;
	for (unsigned i = 0; i < CHILDREN; i++)
		free_all(element->children[i]);
	free(element);
}

static void handle(void)
{
	size_t size = random_size(&rng, 500, 16000);
	char *text = read_text(size);
	struct element *root = parse(DEPTH);

	work(20);
	/* Most end where the tree is freed as it should be. */
	if (random_chance(&rng, 0.1))
		free(root);
	else
		free_all(root);
	free(text);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 110), &rng);

	while (next(&pace))
		handle();
}
