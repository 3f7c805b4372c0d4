/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/sort.h"

/* Keys with common digits, equal ones, and ones that differ in the highest bits: each mask keeps some bits of chance.
 */
static void keys_ascend_and_equal_ones_stay_in_order(void **state)
{
	static const uint64_t masks[] = {UINT64_MAX, 0xff, 0xf000000000000000, 0x7fff00000ff0, 0, 0x800};
	enum { COUNT = 5000 };
	static struct sort_item items[COUNT], scratch[COUNT];

	(void)state;
	srand(3);
	for (size_t m = 0; m < sizeof(masks) / sizeof(masks[0]); m++) {
		static uint64_t keys[COUNT];

		for (uint32_t i = 0; i < COUNT; i++) {
			keys[i] = ((uint64_t)rand() << 40 ^ (uint64_t)rand() << 20 ^ (uint64_t)rand()) & masks[m];
			items[i] = (struct sort_item){.key = keys[i], .index = i};
		}
		sort__by_key(items, scratch, COUNT);
		for (uint32_t i = 0; i < COUNT; i++) {
			assert_true(keys[items[i].index] == items[i].key);
			if (i)
				assert_true(items[i - 1].key < items[i].key ||
					    (items[i - 1].key == items[i].key && items[i - 1].index < items[i].index));
		}
	}
	sort__by_key(items, scratch, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_ascend_and_equal_ones_stay_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
