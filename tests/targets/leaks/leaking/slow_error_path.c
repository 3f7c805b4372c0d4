/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A parser of documents. Of every hundredth, that is no good, it describes the error and forgets the description:
 * about 6 KB/s beside 600 KB/s that are freed.
 */
#include "leaks.h"

enum { TOKENS = 2 };

const char *const leaking[] = {"describe_error", NULL};

SITE static char *read_document(size_t size)
{
	return filled(malloc(size), size);
}

SITE static char *copy_token(const char *from, size_t length)
{
	char *token = checked(malloc(length + 1));

	memcpy(token, from, length);
	token[length] = '\0';
	return token;
}

SITE static char *describe_error(const char *document, size_t size)
{
	char *description = filled(malloc(size + 128), size + 128);

	memcpy(description, document, size);
	return description;
}

static bool parse(const char *document, size_t size)
{
	char *tokens[TOKENS];

	for (unsigned i = 0; i < TOKENS; i++) {
		tokens[i] = copy_token(document, 1 + random_below(&rng, size / 2));
		work(10);
	}
	for (unsigned i = 0; i < TOKENS; i++)
		free(tokens[i]);
	return !random_chance(&rng, 0.01);
}

void program(void)
{
	struct pace pace = pace_regular(random_about(&rng, 350));

	while (next(&pace)) {
		size_t size = random_size(&rng, 256, 6000);
		char *document = read_document(size), *description;

		work(10);
		if (!parse(document, size)) {
			description = describe_error(document, size);
			description[0] = '!';
		}
		free(document);
	}
}
