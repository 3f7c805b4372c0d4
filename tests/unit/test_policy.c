/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "watch/policy.h"

enum { MIB = 1 << 20 };

#define SECOND 1000000000ULL

static const struct policy rss = {.rss_bytes = 500ULL * MIB, .min_interval_ns = 60 * SECOND};

static enum policy_trigger at(const struct policy *policy, struct policy_state *state, unsigned int second,
			      uint64_t mib)
{
	const struct policy_sight sight = {.ns = second * SECOND, .rss_bytes = mib * MIB};

	return policy__look(policy, state, &sight);
}

static void test_one_crossing(void **unused)
{
	struct policy_state state = {0};

	(void)unused;
	assert_int_equal(at(&rss, &state, 1, 499), POLICY_NOTHING);
	assert_int_equal(at(&rss, &state, 2, 500), POLICY_RSS);
	policy__captured(&state, 2 * SECOND);
	for (unsigned int second = 3; second < 300; second++)
		assert_int_equal(at(&rss, &state, second, 600 + second), POLICY_NOTHING);
	assert_int_equal(state.crossings, 1);
	assert_int_equal(state.skipped, 0);
}

static void test_hysteresis(void **unused)
{
	struct policy_state state = {0};

	(void)unused;
	assert_int_equal(at(&rss, &state, 1, 500), POLICY_RSS);
	policy__captured(&state, 1 * SECOND);
	assert_int_equal(at(&rss, &state, 100, 450), POLICY_NOTHING); /* nine tenths: not below */
	assert_int_equal(at(&rss, &state, 101, 500), POLICY_NOTHING);
	assert_int_equal(at(&rss, &state, 102, 449), POLICY_NOTHING);
	assert_int_equal(at(&rss, &state, 103, 499), POLICY_NOTHING);
	assert_int_equal(at(&rss, &state, 104, 500), POLICY_RSS);
	assert_int_equal(state.crossings, 2);
}

static void test_interval(void **unused)
{
	struct policy_state state = {0};

	(void)unused;
	assert_int_equal(at(&rss, &state, 10, 500), POLICY_RSS);
	policy__captured(&state, 10 * SECOND);
	at(&rss, &state, 20, 100);
	assert_int_equal(at(&rss, &state, 30, 500), POLICY_NOTHING);
	assert_int_equal(at(&rss, &state, 69, 500), POLICY_NOTHING);
	assert_int_equal(at(&rss, &state, 70, 460), POLICY_RSS); /* made up for: it has not fallen back */
	policy__captured(&state, 70 * SECOND);
	at(&rss, &state, 71, 100);
	at(&rss, &state, 72, 500);
	assert_int_equal(state.skipped, 0);
	assert_int_equal(at(&rss, &state, 73, 100), POLICY_NOTHING);
	assert_int_equal(state.skipped, 1);
	assert_int_equal(at(&rss, &state, 200, 100), POLICY_NOTHING);
	assert_int_equal(state.crossings, 3);
}

/* Nobody had the time for it: it stays due. */
static void test_due_until_captured(void **unused)
{
	struct policy_state state = {0};

	(void)unused;
	assert_int_equal(at(&rss, &state, 1, 500), POLICY_RSS);
	assert_int_equal(at(&rss, &state, 2, 510), POLICY_RSS);
	policy__captured(&state, 2 * SECOND);
	assert_int_equal(at(&rss, &state, 3, 510), POLICY_NOTHING);
}

static void test_fraction_of_limit(void **unused)
{
	const struct policy policy = {.rss_fraction = 0.8};
	struct policy_state state = {0};
	struct policy_sight sight = {.ns = SECOND, .rss_bytes = 800 * MIB};

	(void)unused;
	assert_int_equal(policy__look(&policy, &state, &sight), POLICY_NOTHING); /* no limit */
	sight.limit_bytes = 1001 * MIB;
	assert_int_equal(policy__look(&policy, &state, &sight), POLICY_NOTHING);
	sight.limit_bytes = 1000 * MIB;
	assert_int_equal(policy__look(&policy, &state, &sight), POLICY_RSS);
}

static void test_growth(void **unused)
{
	const struct policy policy = {.growth_per_hour = 100.0 * MIB};
	struct policy_state state = {0};
	struct policy_sight sight = {.ns = SECOND, .growth_per_hour = 200.0 * MIB};

	(void)unused;
	assert_int_equal(policy__look(&policy, &state, &sight), POLICY_NOTHING); /* not known */
	sight.growth_known = true;
	assert_int_equal(policy__look(&policy, &state, &sight), POLICY_GROWTH);
}

/* Two at once are one capture, for the one that is more urgent. */
static void test_several(void **unused)
{
	const struct policy policy = {.rss_bytes = MIB, .limit_fraction = 0.95};
	struct policy_state state = {0};
	struct policy_sight sight = {
		.ns = SECOND, .rss_bytes = MIB, .limit_bytes = 100, .used_bytes = 95, .heaviest = true};

	(void)unused;
	assert_int_equal(policy__look(&policy, &state, &sight), POLICY_LIMIT);
	assert_int_equal(state.crossings, 2);
	policy__captured(&state, SECOND);
	sight.ns = 2 * SECOND;
	assert_int_equal(policy__look(&policy, &state, &sight), POLICY_NOTHING);
}

/* A limit that several are under is the business of one of them. */
static void test_not_the_heaviest(void **unused)
{
	const struct policy policy = {.limit_fraction = 0.95};
	struct policy_state state = {0};
	struct policy_sight sight = {.ns = SECOND, .limit_bytes = 100, .used_bytes = 99};

	(void)unused;
	assert_int_equal(policy__look(&policy, &state, &sight), POLICY_NOTHING);
	sight.heaviest = true;
	assert_int_equal(policy__look(&policy, &state, &sight), POLICY_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_crossing),      cmocka_unit_test(test_hysteresis),
		cmocka_unit_test(test_interval),          cmocka_unit_test(test_due_until_captured),
		cmocka_unit_test(test_fraction_of_limit), cmocka_unit_test(test_growth),
		cmocka_unit_test(test_several),           cmocka_unit_test(test_not_the_heaviest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
