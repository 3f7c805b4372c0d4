/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The same peak reached by different mixes of sites, and then exceeded: the bytes of each site at the peak are those
 * of the first moment of the highest total, not of an equal moment later, and not the site's own highest.
 */
#include "truth.h"

SITE static void *rising(size_t size)
{
	return truth_malloc(size);
}

SITE static void *falling(size_t size)
{
	return truth_malloc(size);
}

SITE static void *steady(size_t size)
{
	return truth_malloc(size);
}

SITE static void *late(size_t size)
{
	return truth_malloc(size);
}

SITE static void *regrown(void *block, size_t size)
{
	return truth_realloc(block, size);
}

SITE static void release(void *block)
{
	truth_free(block);
}

void scenario(int count, char **args)
{
	void *high, *other, *block;

	(void)count;
	(void)args;
	steady(1000);
	high = falling(500000);
	release(high); /* falling's own highest, and the peak so far */
	other = rising(300000);
	high = falling(200000); /* an equal total: not a new peak */
	release(other);
	other = late(300000); /* equal again */
	block = steady(1);    /* one byte more: the peak is here */
	release(high);
	release(block);
	high = falling(200001); /* equal to it */
	other = regrown(other, 200000);
	other = regrown(other, 300000); /* and again, through realloc */
	release(high);
	for (size_t i = 0; i < 100; i++)
		late(i);
	steady(0);
}
