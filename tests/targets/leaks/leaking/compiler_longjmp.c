/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A language server that parses a file whenever it was changed, about 15 times a second, and keeps the latest tree of
 * each. At a syntax error the parser jumps out of its recursion, and what it had of the tree is lost: about 9 KB/s.
 */
#include <setjmp.h>

#include "leaks.h"

enum { FILES = 16, DEPTH = 5 };

const char *const leaking[] = {"node_new", NULL};

static struct node {
	struct node *left, *right;
	char detail[];
} * trees[FILES];

static jmp_buf syntax_error;

SITE static struct node *node_new(void)
{
	size_t size = sizeof(struct node) + random_size(&rng, 16, 600);
	struct node *node = filled(malloc(size), size);

	node->left = node->right = NULL;
	return node;
}

static void tree_free(struct node *node)
{
	if (!node)
		return;
	tree_free(node->left);
	tree_free(node->right);
	free(node);
}

static struct node *parse(unsigned depth)
{
	struct node *node = node_new();

	work(8);
	if (random_chance(&rng, 0.007))
		longjmp(syntax_error, 1);
	if (depth && random_chance(&rng, 0.85))
		node->left = parse(depth - 1);
	if (depth && random_chance(&rng, 0.85))
		node->right = parse(depth - 1);
	return node;
}

static struct node *parse_file(void)
{
	if (setjmp(syntax_error))
		return NULL;
	return parse(DEPTH);
}

SITE static char *read_source(void)
{
	size_t size = random_size(&rng, 1000, 20000);

	return filled(malloc(size), size);
}

static void file_changed(void)
{
	struct node **place = &trees[random_below(&rng, FILES)], *tree;
	char *source = read_source();

	tree = parse_file();
	free(source);
	if (tree) {
		tree_free(*place);
		*place = tree;
	}
}

SITE static char *completion_new(void)
{
	size_t size = random_size(&rng, 64, 3000);

	return filled(malloc(size), size);
}

static void complete(void)
{
	const struct node *node = trees[random_below(&rng, FILES)];
	char *completion = completion_new();

	for (; node; node = random_chance(&rng, 0.5) ? node->left : node->right)
		completion[0] = node->detail[0];
	work(20);
	free(completion);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 200), &rng);

	while (next(&pace)) {
		complete();
		if (random_chance(&rng, 0.075))
			file_changed();
	}
}
