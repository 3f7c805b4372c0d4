/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/recent.h"

static void the_middle_one_counts(void **state)
{
	static const struct {
		double added, value;
	} steps[] = {
		{1e6, 250},             /* one that is off */
		{300, 300}, {280, 300}, /* of 1e6, 300 and 280 */
		{900, 300}, {950, 900}, /* a change is seen at the second */
		{0, 900},   {920, 920}, /* of 950, 0 and 920 */
		{10, 10},   {9, 10},
	};
	struct recent recent;

	(void)state;
	recent__init(&recent, 250);
	assert_true(recent__value(&recent) == 250);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		recent__add(&recent, steps[i].added);
		assert_true(recent__value(&recent) == steps[i].value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_middle_one_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
