/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules in few bits: every number says one rule, and a cached one is found for its list and address only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "rule_words.h"

/* What the programs make of a number. */
static struct mt_unwind_rule said_by(uint32_t number)
{
	uint64_t below = mt_rule_rbp_below(number);

	return (struct mt_unwind_rule){
		.cfa = number & MT_RULE_BY_RBP ? MT_CFA_RBP : MT_CFA_RSP,
		.cfa_offset = (int32_t)mt_rule_cfa_offset(number),
		.rbp = below ? MT_RBP_AT_CFA : MT_RBP_SAME,
		.rbp_offset = (int16_t) - (int64_t)below,
	};
}

static void test_numbers_say_rules(void **state)
{
	(void)state;
	for (uint32_t number = MT_RULE_CODED; number < MT_RULES_MAX; number++) {
		struct mt_unwind_rule rule = said_by(number);

		assert_int_equal(mt_rule_code(&rule), number);
	}
}

/* As compilers make them. */
static void test_common_rules(void **state)
{
	static const struct mt_unwind_rule common[] = {
		{.cfa = MT_CFA_RSP, .cfa_offset = 8},
		{.cfa = MT_CFA_RSP, .cfa_offset = 4088},
		{.cfa = MT_CFA_RBP, .cfa_offset = 16, .rbp = MT_RBP_AT_CFA, .rbp_offset = -16},
		{.cfa = MT_CFA_RSP, .cfa_offset = 128, .rbp = MT_RBP_AT_CFA, .rbp_offset = -48},
		{.cfa = MT_CFA_RSP, .cfa_offset = 64, .rbp = MT_RBP_AT_CFA, .rbp_offset = -64},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(common) / sizeof(*common); i++) {
		uint32_t code = mt_rule_code(&common[i]);
		struct mt_unwind_rule said = said_by(code);

		assert_in_range(code, MT_RULE_CODED, MT_RULES_MAX - 1);
		assert_memory_equal(&said, &common[i], sizeof(said));
	}
}

static void test_other_rules(void **state)
{
	static const struct mt_unwind_rule others[] = {
		{.cfa = MT_CFA_NONE},
		{.cfa = MT_CFA_END},
		{.cfa = MT_CFA_UNSUPPORTED},
		{.cfa = MT_CFA_SIGNAL},
		{.cfa = MT_CFA_PLT, .cfa_offset = 8},
		{.cfa = MT_CFA_RBP_DEREF, .cfa_offset = -8, .rbp = MT_RBP_AT_RBP},
		{.cfa = MT_CFA_RSP, .cfa_offset = 4096},
		{.cfa = MT_CFA_RSP, .cfa_offset = 12},
		{.cfa = MT_CFA_RBP, .cfa_offset = -16},
		{.cfa = MT_CFA_RSP, .cfa_offset = 8, .rbp_offset = -16},
		{.cfa = MT_CFA_RSP, .cfa_offset = 32, .rbp = MT_RBP_AT_CFA, .rbp_offset = -8},
		{.cfa = MT_CFA_RSP, .cfa_offset = 32, .rbp = MT_RBP_AT_CFA, .rbp_offset = -20},
		{.cfa = MT_CFA_RSP, .cfa_offset = 32, .rbp = MT_RBP_AT_CFA, .rbp_offset = 16},
		{.cfa = MT_CFA_RSP, .cfa_offset = 96, .rbp = MT_RBP_AT_CFA, .rbp_offset = -72},
		{.cfa = MT_CFA_RSP, .cfa_offset = 32, .rbp = MT_RBP_AT_RBP, .rbp_offset = -16},
		{.cfa = MT_CFA_RSP, .cfa_offset = 32, .rbp = MT_RBP_RETURN, .rbp_offset = -16},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_int_equal(mt_rule_code(&others[i]), 0);
}

static void test_cached(void **state)
{
	static const uint64_t pcs[] = {1, 0x401000, 0x555555555555, 0x7ffff7dd1234, (1ULL << 48) - 1};
	static const uint32_t lists[] = {1, 2, 4096, MT_UNWIND_LISTS_MAX};
	static const uint32_t rules[] = {MT_RULE_NONE, MT_RULE_BOTTOM, MT_RULE_CODED, MT_RULES_MAX - 1};

	(void)state;
	for (size_t i = 0; i < 5 * 4 * 4; i++) {
		uint64_t mappings = MT_UNWIND_MAPPINGS(lists[i % 4], 77, 5), pc = pcs[i / 16];
		uint64_t key = mt_cache_key(mappings, pc);

		assert_in_range(mt_cache_place(key), 0, MT_UNWIND_CACHE - 1);
		assert_int_equal(mt_cache_rule(key, mt_cache_word(key, rules[i / 4 % 4])), rules[i / 4 % 4]);
		/* where the list is in the map does not matter */
		assert_int_equal(mt_cache_key(MT_UNWIND_MAPPINGS(lists[i % 4], 0, 1), pc), key);
		/* an empty word has nothing */
		assert_true(mt_cache_rule(key, 0) >= MT_RULES_MAX);
	}
}

/* Whatever has the same place has another word, however little the two differ: in one bit, or in two. */
static void test_nothing_is_taken_for_another(void **state)
{
	const uint64_t mappings = MT_UNWIND_MAPPINGS(3, 0, 1), pc = 0x7f12345678aa, key = mt_cache_key(mappings, pc);
	uint64_t list, other;
	uint32_t places = 0;

	(void)state;
	for (uint32_t bit = 0; bit < 64; bit++)
		for (uint32_t second = bit; second < 64; second++) {
			uint64_t both = (3ULL << 48 | pc) ^ 1ULL << bit ^ (second > bit ? 1ULL << second : 0);

			list = both >> 48;
			other = mt_cache_key(MT_UNWIND_MAPPINGS(list, 0, 1), both & ((1ULL << 48) - 1));
			places += mt_cache_place(other) == mt_cache_place(key);
			assert_true(mt_cache_place(other) != mt_cache_place(key) ||
				    mt_cache_rule(other, mt_cache_word(key, 5)) >= MT_RULES_MAX);
			assert_int_not_equal(other, key);
		}
	/* and those that are at one place by construction: keys that differ in the lower 50 bits only, taken back */
	for (uint64_t low = 1; low; low = low << 1 & ((1ULL << 50) - 1)) {
		other = key ^ low;
		assert_int_equal(mt_cache_place(other), mt_cache_place(key));
		assert_true(mt_cache_rule(other, mt_cache_word(key, 5)) >= MT_RULES_MAX);
	}
	assert_in_range(places, 0, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_say_rules),
		cmocka_unit_test(test_common_rules),
		cmocka_unit_test(test_other_rules),
		cmocka_unit_test(test_cached),
		cmocka_unit_test(test_nothing_is_taken_for_another),
	};

	return cmocka_run_group_tests_name("rule_words", tests, NULL, NULL);
}
