/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trace/site_ids.h"

static void each_stack_has_the_id_it_was_given(void **state)
{
	struct site_ids *ids = site_ids__new();
	uint64_t id = 7;

	(void)state;
	assert_false(site_ids__get(ids, 1, &id));
	assert_int_equal(id, 7);
	for (uint64_t stack = 0; stack < 1000; stack++)
		site_ids__put(ids, stack << 40, stack / 2 + UINT32_MAX);
	for (uint64_t stack = 0; stack < 1000; stack++) {
		assert_true(site_ids__get(ids, stack << 40, &id));
		assert_int_equal(id, stack / 2 + UINT32_MAX);
	}
	assert_false(site_ids__get(ids, 1, &id));
	site_ids__free(ids);
	site_ids__free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_stack_has_the_id_it_was_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
