/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An interpreter whose values of many kinds, some 800 a second, are in registers until they are overwritten. Beside
 * that churn, exceptions: they are freed where they are caught, but not when another is thrown meanwhile, about 6 a
 * second and 4 KB/s.
 */
#include "leaks.h"

enum { REGISTERS = 600 };

const char *const leaking[] = {"exception_new", NULL};

static void *registers[REGISTERS];
static void *pending; /* the exception that is being handled */

#define VALUE(name, least, most)                                                                                       \
	SITE static void *name(void)                                                                                   \
	{                                                                                                              \
		size_t size = random_size(&rng, least, most);                                                          \
                                                                                                                       \
		return filled(malloc(size), size);                                                                     \
	}

VALUE(integer_new, 16, 32)
VALUE(float_new, 16, 24)
VALUE(string_new, 24, 2000)
VALUE(bytes_new, 32, 6000)
VALUE(tuple_new, 32, 200)
VALUE(list_new, 64, 1500)
VALUE(dictionary_new, 240, 4000)
VALUE(set_new, 200, 2000)
VALUE(function_new, 120, 180)
VALUE(method_new, 48, 64)
VALUE(iterator_new, 40, 80)
VALUE(slice_new, 40, 56)
VALUE(cell_new, 24, 40)
VALUE(frame_new, 300, 900)
VALUE(exception_new, 200, 1500)

static void *(*const kinds[])(void) = {
	integer_new, float_new,    string_new, bytes_new,    tuple_new, list_new, dictionary_new,
	set_new,     function_new, method_new, iterator_new, slice_new, cell_new,
};

static void assign(void)
{
	void **place = &registers[random_below(&rng, REGISTERS)];

	free(*place);
	*place = kinds[random_size(&rng, 1, LENGTH(kinds)) - 1]();
}

static void handle(void)
{
	work(15);
	if (random_chance(&rng, 0.3))
		pending = exception_new(); /* in the handler */
	free(pending);
	pending = NULL;
}

static void call(void)
{
	void *frame = frame_new();

	for (unsigned i = 0; i < 4; i++)
		assign();
	work(25);
	if (random_chance(&rng, 0.1)) {
		pending = exception_new();
		handle();
	}
	free(frame);
}

void program(void)
{
	struct pace pace = pace_random(random_about(&rng, 200), &rng);

	while (next(&pace))
		call();
}
