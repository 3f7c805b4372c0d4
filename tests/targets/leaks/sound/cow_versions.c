/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A document as a tree of 256 paragraphs, of which each version shares with the one before all but the path to what was
 * changed. The latest 70 versions are kept, so many are there after 6 to 8 s; now and then one of them is made the
 * newest again.
 */
#include "leaks.h"

enum { VERSIONS = 70, DEPTH = 8 };

const char *const leaking[] = {NULL};

static struct node {
	unsigned references;
	struct node *children[2]; /* none at a leaf */
	char text[];
} * versions[VERSIONS], *newest;

static unsigned changes;

SITE static struct node *leaf_new(void)
{
	size_t size = sizeof(struct node) + random_size(&rng, 50, 2000);
	struct node *leaf = filled(malloc(size), size);

	*leaf = (struct node){.references = 1};
	return leaf;
}

SITE static struct node *inner_new(struct node *left, struct node *right)
{
	struct node *node = checked(malloc(sizeof(*node)));

	*node = (struct node){.references = 1, .children = {left, right}};
	return node;
}

static struct node *node_get(struct node *node)
{
	node->references++;
	return node;
}

static void node_put(struct node *node)
{
	if (!node || --node->references)
		return;
	node_put(node->children[0]);
	node_put(node->children[1]);
	free(node);
}

static struct node *build(unsigned depth)
{
	struct node *left;

	if (!depth)
		return leaf_new();
	left = build(depth - 1);
	return inner_new(left, build(depth - 1));
}

static struct node *changed(const struct node *node, uint64_t path, unsigned depth)
{
	unsigned side = path >> depth & 1;
	struct node *child;

	if (!depth)
		return leaf_new();
	child = changed(node->children[side], path, depth - 1);
	if (side)
		return inner_new(node_get(node->children[0]), child);
	return inner_new(child, node_get(node->children[1]));
}

/* Takes over the reference. */
static void add_version(struct node *root)
{
	struct node **place = &versions[changes++ % VERSIONS];

	node_put(*place);
	newest = *place = root;
}

static void edit(void)
{
	struct node *before = versions[random_below(&rng, VERSIONS)];

	if (before && random_chance(&rng, 0.05))
		add_version(node_get(before));
	else
		add_version(changed(newest, random_below(&rng, 2 << DEPTH), DEPTH));
}

SITE static char *line_new(void)
{
	size_t size = random_size(&rng, 80, 1500);

	return filled(malloc(size), size);
}

static void show(void)
{
	const struct node *node = newest;
	char *line = line_new();

	while (node->children[0])
		node = node->children[random_below(&rng, 2)];
	line[0] = node->text[0];
	work(30);
	free(line);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 220), &rng);

	add_version(build(DEPTH));
	while (next(&pace)) {
		if (random_chance(&rng, 0.055))
			edit();
		else
			show();
	}
}
