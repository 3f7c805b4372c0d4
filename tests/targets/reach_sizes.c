/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Large and small blocks that nothing points to, and some that an array does, for allocators whose own records of them
 * have their addresses, too.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *volatile kept[200];

#define SITE(name)                                                                                                     \
	__attribute__((noipa)) static void *make_##name(size_t size)                                                   \
	{                                                                                                              \
		return memset(malloc(size), 0, size);                                                                  \
	}

SITE(large)
SITE(small)
SITE(kept)

static void await_word(void)
{
	char c;

	if (read(STDIN_FILENO, &c, 1) != 1)
		_exit(1);
}

int main(void)
{
	if (write(STDOUT_FILENO, "ready\n", 6) != 6)
		return 1;
	await_word();
	for (size_t i = 0; i < 1000; i++)
		make_small(64);
	for (size_t i = 0; i < 100; i++)
		make_large(20000 + i * 3000);
	for (size_t i = 0; i < 200; i++)
		kept[i] = make_kept(i % 2 ? 64 : 50000);
	if (write(STDOUT_FILENO, "{}\n", 3) != 3)
		return 1;
	await_word();
	_exit(0);
}
