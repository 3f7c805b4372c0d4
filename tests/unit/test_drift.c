/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analyze/drift.h"
#include "analyze/report.h"

static struct report_counts counts(uint64_t objects, uint64_t bytes, double stderr_bytes)
{
	return (struct report_counts){.live_objects = objects, .live_bytes = bytes, .live_bytes_stderr = stderr_bytes};
}

static void check(struct report_counts before, struct report_counts after, uint64_t total, double z, bool significant)
{
	const struct drift drift = drift__of(&before, &after, total);

	assert_true(fabs(drift.z - z) < 1e-9);
	assert_int_equal(drift.significant, significant);
}

/* 100 against 144 blocks of 10 bytes: a difference of 440, by 10 x sqrt(244). */
static void changes_are_compared_with_chance(void **state)
{
	(void)state;
	check(counts(100, 1000, 0), counts(144, 1440, 0), 1440, 44 / sqrt(244), false);
	check(counts(100, 1000, 0), counts(150, 1500, 0), 1500, 50 / sqrt(250), true);
	check(counts(150, 1500, 0), counts(100, 1000, 0), 1500, -50 / sqrt(250), true);
	/* the errors of sampling make it less sure: sqrt(25000 + 90^2 + 120^2) */
	check(counts(100, 1000, 90), counts(150, 1500, 120), 1500, 500 / sqrt(25000 + 8100 + 14400), false);
	/* new, and gone */
	check(counts(0, 0, 0), counts(16, 1600, 0), 1600, 4, true);
	check(counts(16, 1600, 0), counts(0, 0, 0), 1600, -4, true);
	/* one large block: one is no news, by chance */
	check(counts(0, 0, 0), counts(1, 1 << 20, 0), 1 << 20, 1, false);
	check(counts(0, 0, 0), counts(0, 0, 0), 0, 0, false);
}

/* What is sure, but little beside the whole heap, does not matter. */
static void little_is_not_significant(void **state)
{
	(void)state;
	check(counts(0, 0, 0), counts(100, 1000, 0), 100000, 10, true);
	check(counts(0, 0, 0), counts(100, 1000, 0), 100001, 10, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_are_compared_with_chance),
		cmocka_unit_test(little_is_not_significant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
