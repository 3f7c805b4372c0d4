/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names as a message: what is taken back equals what was given, and of what a liar says nothing is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "symbols/name_set.h"

enum { SOMEWHERE = 0x1000, INLINED = 0x2000, NOWHERE = 0x3000, UNKNOWN = 0x4000 };

static struct name_set *new_set(void)
{
	struct name_set *set = name_set__new();

	assert_non_null(set);
	return set;
}

static void add(struct name_set *set, uint64_t place, const char *function, const char *system_name, const char *file,
		uint32_t line)
{
	const struct name_line lines = {.function = name_set__string(set, function),
					.system_name = name_set__string(set, system_name),
					.file = name_set__string(set, file),
					.line = line};

	assert_int_equal(name_set__add(set, place, &lines, 1), 0);
}

/* Two functions of one file, an inlined call, and a place without a name. */
static struct name_set *example(void)
{
	struct name_set *set = new_set();
	const struct name_line inlined[] = {
		{name_set__string(set, "in()"), name_set__string(set, "_Z2inv"), name_set__string(set, "/src/a.h"), 3},
		{name_set__string(set, "out()"), name_set__string(set, "_Z3outv"), name_set__string(set, "/src/a.c"),
		 4},
	};

	add(set, SOMEWHERE, "main", "main", NULL, 0);
	assert_int_equal(name_set__add(set, INLINED, inlined, 2), 0);
	assert_int_equal(name_set__add(set, NOWHERE, NULL, 0), 0);
	name_set__mark(set, NAMES_FUNCTIONS);
	return set;
}

static void check(const struct name_set *set, uint64_t place, size_t index, size_t count, const char *function,
		  const char *system_name, const char *file, uint32_t line)
{
	const struct name_line *lines;
	size_t found;

	assert_true(name_set__find(set, place, &lines, &found));
	assert_int_equal(found, count);
	assert_string_equal(name_set__text(set, lines[index].function), function);
	assert_string_equal(name_set__text(set, lines[index].system_name), system_name);
	if (file)
		assert_string_equal(name_set__text(set, lines[index].file), file);
	else
		assert_null(name_set__text(set, lines[index].file));
	assert_int_equal(lines[index].line, line);
}

static void check_example(const struct name_set *set)
{
	const struct name_line *lines;
	size_t count;

	assert_int_equal(name_set__count(set), 3);
	check(set, SOMEWHERE, 0, 1, "main", "main", NULL, 0);
	check(set, INLINED, 0, 2, "in()", "_Z2inv", "/src/a.h", 3);
	check(set, INLINED, 1, 2, "out()", "_Z3outv", "/src/a.c", 4);
	assert_true(name_set__find(set, NOWHERE, &lines, &count));
	assert_int_equal(count, 0);
	assert_false(name_set__find(set, UNKNOWN, &lines, &count));
}

static int read_back(struct name_set *set, const void *data, size_t size)
{
	struct wire wire = wire__of(data, size);

	return name_set__read(set, &wire);
}

/* ---- sets */

static void strings(void **state)
{
	struct name_set *set = new_set();
	uint32_t a = name_set__string(set, "a"), empty = name_set__string(set, "");

	(void)state;
	assert_int_equal(name_set__string(set, "a"), a);
	assert_int_equal(name_set__string(set, ""), empty);
	assert_int_not_equal(a, empty);
	assert_int_equal(name_set__string(set, NULL), NAME_NONE);
	assert_string_equal(name_set__text(set, a), "a");
	assert_string_equal(name_set__text(set, empty), "");
	assert_null(name_set__text(set, NAME_NONE));
	assert_null(name_set__text(set, 2));
	name_set__free(set);
	name_set__free(NULL);
}

static void round_trip(void **state)
{
	struct name_set *set = example(), *copy = new_set(), *twice = new_set();
	struct buf message = {0}, again = {0};

	(void)state;
	check_example(set);
	name_set__put(set, &message);
	assert_int_equal(read_back(copy, message.data, message.size), 0);
	check_example(copy);
	assert_int_equal(name_set__kinds(copy), NAMES_FUNCTIONS);
	assert_int_equal(name_set__merge(twice, copy), 0);
	check_example(twice);
	name_set__put(twice, &again);
	assert_int_equal(again.size, message.size);
	assert_memory_equal(again.data, message.data, message.size);
	buf__free(&message);
	buf__free(&again);
	name_set__free(set);
	name_set__free(copy);
	name_set__free(twice);
}

static void empty(void **state)
{
	struct name_set *set = new_set(), *copy = new_set();
	struct buf message = {0};

	(void)state;
	name_set__put(set, &message);
	assert_int_equal(message.size, 4 * sizeof(uint64_t));
	assert_int_equal(read_back(copy, message.data, message.size), 0);
	assert_int_equal(name_set__count(copy), 0);
	assert_int_equal(name_set__kinds(copy), 0);
	buf__free(&message);
	name_set__free(set);
	name_set__free(copy);
}

/* Strings get the numbers of the set that they come to; what was said of a place before stays. */
static void merged(void **state)
{
	struct name_set *set = new_set(), *other = example();
	struct buf once = {0}, twice = {0};

	(void)state;
	add(set, UNKNOWN, "/src/a.h", "x", "main", 9);
	add(set, INLINED, "first", "first", NULL, 0);
	name_set__mark(set, NAMES_LINES);
	assert_int_equal(name_set__merge(set, other), 0);
	assert_int_equal(name_set__count(set), 4);
	assert_int_equal(name_set__kinds(set), NAMES_FUNCTIONS | NAMES_LINES);
	check(set, UNKNOWN, 0, 1, "/src/a.h", "x", "main", 9);
	check(set, INLINED, 0, 1, "first", "first", NULL, 0);
	check(set, SOMEWHERE, 0, 1, "main", "main", NULL, 0);
	name_set__put(set, &once);
	assert_int_equal(name_set__merge(set, other), 0);
	name_set__put(set, &twice);
	assert_int_equal(once.size, twice.size);
	buf__free(&once);
	buf__free(&twice);
	name_set__free(set);
	name_set__free(other);
}

/* ---- messages of a liar */

struct raw_place {
	uint64_t place;
	uint32_t first, count;
};

static void refuse(uint64_t kinds, uint64_t string_count, const char *text, const struct name_line *lines,
		   size_t line_bytes, const struct raw_place *places, size_t place_bytes)
{
	struct name_set *set = new_set();
	struct buf message = {0};

	wire__put_number(&message, kinds);
	wire__put_number(&message, string_count);
	for (uint64_t i = 0; i < string_count && i < 2; i++)
		wire__put_text(&message, text);
	wire__put_bytes(&message, lines, line_bytes);
	wire__put_bytes(&message, places, place_bytes);
	assert_int_equal(read_back(set, message.data, message.size), -EPROTO);
	assert_int_equal(name_set__count(set), 0);
	assert_int_equal(name_set__kinds(set), 0);
	buf__free(&message);
	name_set__free(set);
}

static void wrong_numbers(void **state)
{
	const struct name_line good = {0, 0, 0, 1},
			       lines[] = {{1, 0, 0, 1},         {NAME_NONE, 0, 0, 1}, {0, 1, 0, 1},
					  {0, NAME_NONE, 0, 1}, {0, 0, 1, 1},         {0, 0, NAME_NONE - 1, 1}};
	const struct raw_place whole = {16, 0, 1}, places[] = {{16, 0, 2},          {16, 1, 1}, {16, UINT32_MAX, 1},
							       {16, 0, UINT32_MAX}, {16, 0, 0}, {16, UINT32_MAX, 2}};
	struct name_line many[NAME_LINES_MAX + 1] = {{0}};
	const struct raw_place all = {16, 0, NAME_LINES_MAX + 1};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		refuse(1, 1, "a", &lines[i], sizeof(lines[i]), &whole, sizeof(whole));
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		refuse(1, 1, "a", &good, sizeof(good), &places[i], sizeof(places[i]));
	refuse(4, 1, "a", &good, sizeof(good), &whole, sizeof(whole));
	refuse(UINT64_MAX, 1, "a", &good, sizeof(good), &whole, sizeof(whole));
	refuse(1, 1, NULL, &good, sizeof(good), &whole, sizeof(whole)); /* no string at all */
	refuse(1, 0, NULL, &good, sizeof(good), &whole, sizeof(whole));
	refuse(1, 3, "a", &good, sizeof(good), &whole, sizeof(whole));
	refuse(1, UINT64_MAX, "a", &good, sizeof(good), &whole, sizeof(whole));
	refuse(1, 1, "a", &good, sizeof(good) - 1, &whole, sizeof(whole));
	refuse(1, 1, "a", &good, sizeof(good), &whole, sizeof(whole) - 1);
	refuse(1, 1, "a", many, sizeof(many), &all, sizeof(all));
}

/* A small message could say that each of its places has the same lines: gigabytes of them. */
static void shared_lines(void **state)
{
	const struct name_line line = {0, 0, 0, 1};
	const struct raw_place twice[] = {{16, 0, 1}, {32, 0, 1}};

	(void)state;
	refuse(1, 1, "a", &line, sizeof(line), twice, sizeof(twice));
}

/* Any message is refused and nothing taken, or all of it makes sense. */
static bool try_bytes(const void *data, size_t size)
{
	struct name_set *set = new_set();
	/* of its exact size, for the address sanitizer to see what is read behind it */
	void *copy = malloc(size ? size : 1);
	bool taken;

	assert_non_null(copy);
	memcpy(copy, data, size);
	taken = !read_back(set, copy, size);
	if (!taken) {
		assert_int_equal(name_set__count(set), 0);
		assert_int_equal(name_set__kinds(set), 0);
	}
	for (uint64_t place = SOMEWHERE; place <= UNKNOWN; place += 0x1000) {
		const struct name_line *lines;
		size_t count;

		if (!name_set__find(set, place, &lines, &count))
			continue;
		for (size_t i = 0; i < count; i++) {
			assert_non_null(name_set__text(set, lines[i].function));
			assert_non_null(name_set__text(set, lines[i].system_name));
		}
	}
	free(copy);
	name_set__free(set);
	return taken;
}

static void mutations(void **state)
{
	struct name_set *set = example();
	struct buf message = {0};
	size_t taken = 0;

	(void)state;
	name_set__put(set, &message);
	for (size_t size = 0; size < message.size; size++)
		assert_false(try_bytes(message.data, size));
	buf__add(&message, "", 1);
	assert_false(try_bytes(message.data, message.size));
	message.size--;
	for (size_t i = 0; i < message.size; i++) {
		char original = message.data[i];

		for (int bit = 0; bit < 8; bit++) {
			message.data[i] = (char)(original ^ 1 << bit);
			taken += try_bytes(message.data, message.size);
		}
		message.data[i] = (char)~original;
		taken += try_bytes(message.data, message.size);
		message.data[i] = original;
	}
	assert_true(taken > 0); /* another letter in a name is as good a name */
	assert_true(try_bytes(message.data, message.size));
	buf__free(&message);
	name_set__free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings),   cmocka_unit_test(round_trip),    cmocka_unit_test(empty),
		cmocka_unit_test(merged),    cmocka_unit_test(wrong_numbers), cmocka_unit_test(shared_lines),
		cmocka_unit_test(mutations),
	};

	return cmocka_run_group_tests_name("name_set", tests, NULL, NULL);
}
