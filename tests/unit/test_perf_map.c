/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "symbols/perf_map.h"

static struct perf_map *read_map(const char *text, size_t size)
{
	int fd = memfd_create("perf", MFD_CLOEXEC);
	struct perf_map *map = NULL;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), size);
	lseek(fd, 0, SEEK_SET);
	assert_int_equal(perf_map__read(fd, &map), 0);
	close(fd);
	return map;
}

static struct perf_map *map_of(const char *text)
{
	return read_map(text, strlen(text));
}

static void assert_name(const struct perf_map *map, uint64_t address, const char *name)
{
	const char *found = perf_map__find(map, address);

	if (name)
		assert_string_equal(found, name);
	else
		assert_null(found);
}

static void test_find(void **state)
{
	struct perf_map *map = map_of("7f00 10 LazyCompile:~add /srv/a b.js:1\n1000 20 first\n7f10 1 Builtin\n");

	(void)state;
	assert_name(map, 0x1000, "first");
	assert_name(map, 0x101f, "first");
	assert_name(map, 0x1020, NULL);
	assert_name(map, 0xfff, NULL);
	assert_name(map, 0x7f0f, "LazyCompile:~add /srv/a b.js:1");
	assert_name(map, 0x7f10, "Builtin");
	assert_name(map, 0x7f11, NULL);
	perf_map__free(map);
}

/* Code that was made again, at the same place, over the end of another one, and within it. */
static void test_later_line_counts(void **state)
{
	struct perf_map *map =
		map_of("100 40 old\n100 40 new\n130 40 over\n200 100 around\n240 10 within\n200 8 again\n");

	(void)state;
	assert_name(map, 0x100, "new");
	assert_name(map, 0x12f, "new");
	assert_name(map, 0x130, "over");
	assert_name(map, 0x16f, "over");
	assert_name(map, 0x240, "within");
	assert_name(map, 0x250, "around");
	assert_name(map, 0x204, "again");
	assert_name(map, 0x208, "around");
	perf_map__free(map);
}

static void test_what_is_no_line(void **state)
{
	struct perf_map *map = map_of("\n-1 10 minus\n+1 10 plus\n 10 10 blank\n10 name\n10 10\n10 10 \n10 0 empty\n"
				      "ffffffffffffffff 10 beyond\n11111111111111111 1 large\n"
				      "20 8 good\n0x40 8 with a prefix, as perf takes it\n30 8 half of a li");

	(void)state;
	assert_name(map, 0x10, NULL);
	assert_name(map, 0x1, NULL);
	assert_name(map, UINT64_MAX, NULL);
	assert_name(map, 0x20, "good");
	assert_name(map, 0x40, "with a prefix, as perf takes it");
	assert_name(map, 0x30, NULL);
	perf_map__free(map);
}

static void test_empty_and_binary(void **state)
{
	char noise[100000];
	struct perf_map *map = map_of("");

	(void)state;
	assert_name(map, 0, NULL);
	perf_map__free(map);
	for (unsigned int seed = 1; seed < 20; seed++) {
		srand(seed);
		for (size_t i = 0; i < sizeof(noise); i++)
			noise[i] = (char)rand();
		map = read_map(noise, sizeof(noise));
		assert_name(map, 0x1234, NULL);
		perf_map__free(map);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_later_line_counts),
		cmocka_unit_test(test_what_is_no_line),
		cmocka_unit_test(test_empty_and_binary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
