/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trace/modules.h"

/* Where nothing of these tests' own is mapped: so that no file is found for what the lines say. */
#define PROGRAM "10000-20000 r-xp 00000000 fd:01 1 /nowhere/program\n"
#define A       "30000-40000 r-xp 00001000 fd:01 2 /nowhere/a.so\n"
#define A_MOVED "31000-41000 r-xp 00001000 fd:01 2 /nowhere/a.so\n"
#define B       "38000-3a000 r-xp 00001000 fd:01 3 /nowhere/b.so\n"
#define BESIDE  "50000-60000 r-xp 00000000 fd:01 4 /nowhere/beside.so\n"
#define JIT     "70000-80000 rwxp 00000000 00:00 0\n"
#define JIT_CUT "70000-78000 rwxp 00000000 00:00 0\n"

/* The process's mappings are these now. */
static void map(struct modules *modules, const char *lines)
{
	struct process *gone = process__gone(getpid());
	char *text = strdup(lines), *rest = text, *line;
	struct maps maps = {0};

	assert_non_null(gone);
	assert_non_null(text);
	while ((line = strsep(&rest, "\n")) && *line)
		assert_int_equal(maps__add_line(&maps, line), 0);
	assert_int_equal(modules__update(modules, gone, &maps), 0);
	maps__free(&maps);
	free(text);
	process__free(gone);
}

static const char *path_at(const struct modules *modules, uint64_t address, uint16_t era)
{
	const struct module *module = modules__find(modules, address, era);

	return module ? module->path : NULL;
}

/* Libraries that come and go leave what is known as it is. */
static void one_era(void **state)
{
	struct modules modules = {0};

	(void)state;
	map(&modules, PROGRAM);
	map(&modules, PROGRAM A);
	map(&modules, PROGRAM);
	map(&modules, PROGRAM BESIDE);
	map(&modules, PROGRAM A JIT);
	map(&modules, PROGRAM JIT_CUT);
	assert_int_equal(modules.era, 0);
	assert_int_equal(modules.count, 5);
	assert_string_equal(path_at(&modules, 0x30000, 0), "/nowhere/a.so");
	assert_string_equal(path_at(&modules, 0x5ffff, 0), "/nowhere/beside.so");
	assert_non_null(modules__find(&modules, 0x7ffff, 0));
	assert_null(modules__find(&modules, 0x80000, 0));
	modules__free(&modules);
}

/* One in the place of another, by turns: two eras, each with its own. */
static void by_turns(void **state)
{
	struct modules modules = {0}, copy = {0};

	(void)state;
	for (int i = 0; i < 3; i++) {
		map(&modules, PROGRAM A);
		assert_int_equal(modules.era, 0);
		map(&modules, PROGRAM B);
		assert_int_equal(modules.era, 1);
		map(&modules, PROGRAM);
		assert_int_equal(modules.era, 1);
	}
	assert_int_equal(modules.count, 3);
	map(&modules, PROGRAM B BESIDE);
	assert_int_equal(modules__copy(&copy, &modules, true), 0);
	modules__free(&modules);
	assert_int_equal(copy.era, 1);
	assert_string_equal(path_at(&copy, 0x38000, 0), "/nowhere/a.so");
	assert_string_equal(path_at(&copy, 0x38000, 1), "/nowhere/b.so");
	assert_string_equal(path_at(&copy, 0x37fff, 1), "/nowhere/a.so"); /* what was not replaced stays known */
	assert_string_equal(path_at(&copy, 0x10000, 1), "/nowhere/program");
	assert_null(modules__find(&copy, 0x50000, 0));
	assert_string_equal(path_at(&copy, 0x50000, 1), "/nowhere/beside.so");
	map(&copy, PROGRAM A);
	assert_int_equal(copy.era, 0);
	modules__free(&copy);
}

/* The same file elsewhere: its addresses mean other code of it. */
static void moved(void **state)
{
	struct modules modules = {0};

	(void)state;
	map(&modules, PROGRAM A);
	map(&modules, PROGRAM A_MOVED);
	assert_int_equal(modules.era, 1);
	assert_int_equal(modules__find(&modules, 0x38000, 0)->start, 0x30000);
	assert_int_equal(modules__find(&modules, 0x38000, 1)->start, 0x31000);
	map(&modules, PROGRAM B);
	assert_int_equal(modules.era, 2);
	map(&modules, PROGRAM A_MOVED);
	assert_int_equal(modules.era, 1);
	modules__free(&modules);
}

static void by_file(void **state)
{
	struct modules modules = {0};
	const struct module *found;

	(void)state;
	map(&modules, PROGRAM A);
	map(&modules, PROGRAM "30000-40000 r-xp 00001000 fd:01 3 /nowhere/b.so\n");
	found = modules__find_file(&modules, 0x30000, "/nowhere/a.so", NULL);
	assert_non_null(found);
	assert_int_equal(found->inode, 2);
	assert_null(modules__find_file(&modules, 0x30000, "/nowhere/a.so", "00ff"));
	assert_null(modules__find_file(&modules, 0x30000, "/nowhere/program", NULL));
	assert_null(modules__find_file(&modules, 0x30001, "/nowhere/a.so", NULL));
	modules__free(&modules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_era),
		cmocka_unit_test(by_turns),
		cmocka_unit_test(moved),
		cmocka_unit_test(by_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
