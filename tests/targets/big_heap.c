/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many live blocks of small sizes. Arguments: how many (default 1000000), and a size for all (default: 16 to 64). */
#include "truth.h"

SITE static void *fill(size_t size)
{
	void *block = malloc(size);

	if (!block)
		truth__fail("out of memory");
	truth__bulk(__func__, 1, size);
	return block;
}

void scenario(int count, char **args)
{
	unsigned long blocks = count > 1 ? strtoul(args[1], NULL, 10) : 1000000;
	size_t size = count > 2 ? strtoul(args[2], NULL, 10) : 0;

	for (unsigned long i = 0; i < blocks; i++)
		fill(size ? size : 16 + i * 7 % 49);
}
