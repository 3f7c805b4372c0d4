/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "target/overlap.h"

static const struct page_run runs[] = {{0x1000, 0x3000}, {0x5000, 0x6000}, {0x9000, 0xf000}};

static void blocks_are_cut_to_what_is_resident(void **state)
{
	struct block_range blocks[] = {
		{0x9000, 0x100, 3, 9},  {0x0, 0x1000, 0, 9},        {0x1010, 0x10, 1, 9},    {0x2ff0, 0x20, 2, 9},
		{0x800, 0x10000, 4, 9}, {0xeff0, UINT64_MAX, 5, 9}, {0x10000, 0x1000, 6, 9},
	};
	const uint64_t expected[] = {0, 0x10, 0x10, 0x100, 0x2000 + 0x1000 + 0x6000, 0x10, 0};

	(void)state;
	overlap__resident(blocks, 7, runs, 3);
	for (int i = 0; i < 7; i++)
		assert_int_equal(blocks[i].resident, expected[blocks[i].owner]);
	overlap__resident(blocks, 7, NULL, 0);
	for (int i = 0; i < 7; i++)
		assert_int_equal(blocks[i].resident, 0);
	overlap__resident(NULL, 0, runs, 3);
}

static void ranges_are_cut(void **state)
{
	(void)state;
	assert_int_equal(overlap__in_runs(0, UINT64_MAX, runs, 3), 0x9000);
	assert_int_equal(overlap__in_runs(0x2000, 0x5800, runs, 3), 0x1800);
	assert_int_equal(overlap__in_runs(0x3000, 0x5000, runs, 3), 0);
	assert_int_equal(overlap__in_runs(0, 10, NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_are_cut_to_what_is_resident),
		cmocka_unit_test(ranges_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
