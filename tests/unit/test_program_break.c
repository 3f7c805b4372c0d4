/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a program's heap ends, of text and of this very process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "target/program_break.h"

/* Of Linux 6.18: a process whose name looks like the end of a name, and more. */
static const char stat[] =
	"812 (a) R 1 2) S 1 812 812 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 123456 2000 300 18446744073709551615 4096 "
	"8192 "
	"140737 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 94000 95000 93824992231424 140001 140002 140003 140004 0\n";

static void start_is_field_47(void **state)
{
	(void)state;
	assert_int_equal(program_break__start(stat), 93824992231424);
}

static void what_is_no_stat_file_tells_nothing(void **state)
{
	(void)state;
	assert_int_equal(program_break__start(""), 0);
	assert_int_equal(program_break__start("812 (sh) S 1 2 3\n"), 0);
	assert_int_equal(program_break__start("812 (sh"), 0);
}

/* Reading what is mapped may take memory itself: the second time it does not. */
static void check(const struct process *self)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), now = 0;
	struct maps maps = {0};

	for (int i = 0; i < 5 && now != (uintptr_t)sbrk(0); i++) {
		now = (uintptr_t)sbrk(0);
		assert_int_equal(maps__read(self, &maps, NULL), 0);
	}
	assert_int_equal(program_break__of(self, &maps), (now + page - 1) / page * page);
	maps__free(&maps);
}

static void own_break_is_known(void **state)
{
	struct process *self = NULL;

	(void)state;
	assert_int_equal(process__open(getpid(), &self, NULL), 0);
	check(self);
	assert_true(sbrk(3 * 4096 + 1) != (void *)-1);
	check(self);
	process__free(self);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(start_is_field_47),
		cmocka_unit_test(what_is_no_stat_file_tells_nothing),
		cmocka_unit_test(own_break_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
