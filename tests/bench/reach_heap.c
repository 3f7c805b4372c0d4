/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A heap of small blocks for tools/bench-reach: blocks of 16 to 256 bytes, in binary trees of 1,000 of which one in ten
 * is lost; each block has two pointers to others and else numbers. Argument: bytes of all blocks together.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TREE = 1000, LOST = 10 };

struct node {
	struct node *left, *right;
	uint64_t numbers[];
};

static struct node **trees;

static uint64_t next_random(void)
{
	static uint64_t state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static struct node *make_node(size_t size)
{
	struct node *node = malloc(size);

	if (!node)
		exit(1);
	node->left = node->right = NULL;
	for (size_t i = 0; i < (size - sizeof(*node)) / 8; i++)
		node->numbers[i] = next_random();
	return node;
}

/* Returns how many bytes it has. */
static size_t make_tree(struct node **root)
{
	struct node *nodes[TREE];
	size_t bytes = 0;

	for (int i = 0; i < TREE; i++) {
		size_t size = 16 + next_random() % 31 * 8;

		nodes[i] = make_node(size);
		bytes += size;
		if (i && i % 2)
			nodes[(i - 1) / 2]->left = nodes[i];
		else if (i)
			nodes[(i - 1) / 2]->right = nodes[i];
	}
	*root = nodes[0];
	return bytes;
}

int main(int argc, char **argv)
{
	size_t wanted = argc > 1 ? strtoull(argv[1], NULL, 10) : 1 << 20, bytes = 0, count = 0, lost = 0;

	trees = calloc(wanted / TREE / 64 + 16, sizeof(*trees));
	puts("ready");
	fflush(stdout);
	if (!trees || getchar() == EOF)
		return 1;
	while (bytes < wanted) {
		bytes += make_tree(&trees[count]);
		if (count % LOST == 0) {
			trees[count] = NULL;
			lost++;
		}
		count++;
	}
	printf("%zu %zu %zu\n", bytes, count * TREE, lost * TREE);
	fflush(stdout);
	return getchar() == EOF;
}
