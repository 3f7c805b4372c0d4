/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdint.h>

#include "symbols/range.h"

static void ranges(void **state)
{
	struct ranges r = {0};

	(void)state;
	assert_int_equal(ranges__find(&r, 5), RANGE_NONE);
	assert_int_equal(ranges__add(&r, 100, 200, 1), 0);
	assert_int_equal(ranges__add(&r, 120, 130, 2), 0);
	assert_int_equal(ranges__add(&r, 120, 125, 3), 0);
	assert_int_equal(ranges__add(&r, 300, 300, 4), 0); /* empty */
	assert_int_equal(ranges__add(&r, 300, 310, 5), 0);
	assert_int_equal(ranges__add(&r, 10, 20, 6), 0);
	ranges__sort(&r);
	assert_int_equal(r.count, 5);
	assert_int_equal(ranges__find(&r, 9), RANGE_NONE);
	assert_int_equal(ranges__find(&r, 10), 6);
	assert_int_equal(ranges__find(&r, 20), RANGE_NONE);
	assert_int_equal(ranges__find(&r, 119), 1);
	assert_int_equal(ranges__find(&r, 120), 3);
	assert_int_equal(ranges__find(&r, 125), 2);
	assert_int_equal(ranges__find(&r, 130), 1);
	assert_int_equal(ranges__find(&r, 199), 1);
	assert_int_equal(ranges__find(&r, 200), RANGE_NONE);
	assert_int_equal(ranges__find(&r, 309), 5);
	assert_int_equal(ranges__find(&r, UINT64_MAX), RANGE_NONE);
	ranges__free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges),
	};

	return cmocka_run_group_tests_name("range", tests, NULL, NULL);
}
