/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grows at two call sites: of what make_lost gives no pointer is kept, and make_kept's blocks are in a list. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct node {
	struct node *next;
	char payload[120];
};

static struct node *volatile all;

__attribute__((noipa)) static void *make_lost(void)
{
	return memset(malloc(200), 1, 200);
}

__attribute__((noipa)) static struct node *make_kept(void)
{
	return calloc(1, sizeof(struct node));
}

int main(void)
{
	puts("ready");
	fflush(stdout);
	for (;;) {
		struct node *node = make_kept();

		node->next = all;
		all = node;
		make_lost();
		usleep(2000);
	}
}
