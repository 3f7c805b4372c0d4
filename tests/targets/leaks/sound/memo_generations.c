/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results of a function that are remembered by its argument, until they are more than some 700 KB: then those that were
 * not asked for since the last such cleaning go, which is every 5 to 10 s.
 */
#include "leaks.h"

enum { ARGUMENTS = 20000, BUDGET = 700 << 10 };

const char *const leaking[] = {NULL};

static struct result {
	unsigned generation; /* of the latest use */
	size_t size;
	char text[];
} * results[ARGUMENTS];
static unsigned generation;
static size_t bytes, budget;

SITE static struct result *remember(const char *text, size_t size)
{
	struct result *result = checked(malloc(sizeof(*result) + size));

	memcpy(result->text, text, size);
	result->size = size;
	bytes += size;
	return result;
}

SITE static char *compute(size_t size)
{
	return filled(malloc(size), size);
}

static void forget(struct result **result)
{
	bytes -= (*result)->size;
	free(*result);
	*result = NULL;
}

static void clean(void)
{
	for (unsigned i = 0; i < ARGUMENTS; i++)
		if (results[i] && results[i]->generation != generation)
			forget(&results[i]);
	generation++;
}

static void call(void)
{
	struct result **result = &results[random_size(&rng, 1, ARGUMENTS) - 1];

	work(20);
	if (!*result) {
		size_t size = random_size(&rng, 64, 2500);
		char *text = compute(size * 2);

		*result = remember(text, size);
		free(text);
	}
	(*result)->generation = generation;
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 350), &rng);

	budget = (size_t)random_about(&rng, BUDGET);
	while (next(&pace)) {
		call();
		if (bytes > budget)
			clean();
	}
}
