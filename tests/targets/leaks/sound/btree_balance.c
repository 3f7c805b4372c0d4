/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A B-tree with its values in the leaves. For about the first 6 s most of what is done is to insert, up to some 1500
 * keys; from then on as many are deleted as are inserted. Nodes split when they are full, and merge when two have
 * little.
 */
#include "leaks.h"

enum { KEYS_MAX = 32, MERGED_MAX = KEYS_MAX * 3 / 4, KEYS_WANTED = 1500, STORED_MAX = 4 * KEYS_WANTED };

const char *const leaking[] = {NULL};

static struct node {
	bool leaf;
	unsigned count;
	uint64_t keys[KEYS_MAX]; /* of a leaf; else the least keys below each child, or less */
	void *below[KEYS_MAX];   /* values, or children */
} * root;

static uint64_t stored[STORED_MAX]; /* the keys, in any order */
static unsigned stores;

SITE static struct node *node_new(bool leaf)
{
	struct node *node = checked(calloc(1, sizeof(*node)));

	node->leaf = leaf;
	return node;
}

SITE static void *value_new(void)
{
	size_t size = random_size(&rng, 50, 1500);

	return filled(malloc(size), size);
}

/* The last place whose key is not above; the first, if there is none. */
static unsigned place_of(const struct node *node, uint64_t key)
{
	unsigned place = 0;

	while (place + 1 < node->count && node->keys[place + 1] <= key)
		place++;
	return place;
}

static void put(struct node *node, unsigned place, uint64_t key, void *below)
{
	unsigned after = node->count++ - place;

	memmove(&node->keys[place + 1], &node->keys[place], after * sizeof(node->keys[0]));
	memmove(&node->below[place + 1], &node->below[place], after * sizeof(node->below[0]));
	node->keys[place] = key;
	node->below[place] = below;
}

static void take(struct node *node, unsigned place)
{
	unsigned after = --node->count - place;

	memmove(&node->keys[place], &node->keys[place + 1], after * sizeof(node->keys[0]));
	memmove(&node->below[place], &node->below[place + 1], after * sizeof(node->below[0]));
}

static void move_end(struct node *from, unsigned place, struct node *to)
{
	for (unsigned i = place; i < from->count; i++)
		put(to, to->count, from->keys[i], from->below[i]);
	from->count = place;
}

static void split_child(struct node *node, unsigned place)
{
	struct node *child = node->below[place], *second = node_new(child->leaf);

	move_end(child, KEYS_MAX / 2, second);
	put(node, place + 1, second->keys[0], second);
}

static void merge_child(struct node *node, unsigned place)
{
	struct node *first, *second;

	if (place && place + 1 == node->count)
		place--;
	if (place + 1 >= node->count)
		return;
	first = node->below[place];
	second = node->below[place + 1];
	if (first->count + second->count > MERGED_MAX)
		return;
	move_end(second, 0, first);
	take(node, place + 1);
	free(second);
}

static void insert_below(struct node *node, uint64_t key)
{
	unsigned place = node->count ? place_of(node, key) : 0;

	if (node->leaf) {
		put(node, node->count && node->keys[place] <= key ? place + 1 : place, key, value_new());
		return;
	}
	insert_below(node->below[place], key);
	if (((struct node *)node->below[place])->count == KEYS_MAX)
		split_child(node, place);
}

static void delete_below(struct node *node, uint64_t key)
{
	unsigned place = place_of(node, key);

	if (node->leaf) {
		free(node->below[place]);
		take(node, place);
		return;
	}
	delete_below(node->below[place], key);
	merge_child(node, place);
}

static void insert(void)
{
	uint64_t key = random_u64(&rng);

	insert_below(root, key);
	stored[stores++] = key;
	if (root->count == KEYS_MAX) {
		struct node *above = node_new(false);

		put(above, 0, 0, root);
		split_child(above, 0);
		root = above;
	}
}

static void delete_any(void)
{
	uint64_t *key = &stored[random_below(&rng, stores)];

	delete_below(root, *key);
	*key = stored[--stores];
	if (!root->leaf && root->count == 1) {
		struct node *only = root->below[0];

		free(root);
		root = only;
	}
}

SITE static char *scan(void)
{
	size_t size = random_size(&rng, 200, 8000);

	return filled(malloc(size), size);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 400), &rng);
	double wanted = random_about(&rng, KEYS_WANTED);

	root = node_new(true);
	while (next(&pace)) {
		double missing = 1 - stores / wanted;

		work(20);
		if (random_chance(&rng, 0.25))
			free(scan());
		else if (!stores || random_chance(&rng, 0.5 + 4 * missing))
			insert();
		else
			delete_any();
	}
}
