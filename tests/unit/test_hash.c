/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/hash.h"

/* From the test suite that FNV's authors publish (http://www.isthe.com/chongo/src/fnv/test_fnv.c). */
static void fnv64_known_vectors(void **unused)
{
	(void)unused;
	assert_int_equal(fnv64(FNV64_BASIS, "", 0), 0xcbf29ce484222325);
	assert_int_equal(fnv64(FNV64_BASIS, "a", 1), 0xaf63dc4c8601ec8c);
	assert_int_equal(fnv64(FNV64_BASIS, "b", 1), 0xaf63df4c8601f1a5);
	assert_int_equal(fnv64(FNV64_BASIS, "fo", 2), 0x08985907b541d342);
	assert_int_equal(fnv64(FNV64_BASIS, "foo", 3), 0xdcb27518fed9d577);
	assert_int_equal(fnv64(FNV64_BASIS, "foob", 4), 0xdd120e790c2512af);
	assert_int_equal(fnv64(FNV64_BASIS, "fooba", 5), 0xcac165afa2fef40a);
	assert_int_equal(fnv64(FNV64_BASIS, "foobar", 6), 0x85944171f73967e8);
	assert_int_equal(fnv64(FNV64_BASIS, "foobar", 7), 0x34531ca7168b8f38); /* with its NUL */
}

static void fnv64_goes_on(void **unused)
{
	uint64_t foo = fnv64(FNV64_BASIS, "foo", 3);

	(void)unused;
	assert_int_equal(fnv64(foo, "bar", 3), 0x85944171f73967e8);
	assert_int_equal(fnv64(foo, "", 0), foo);
	assert_int_equal(fnv64_string(FNV64_BASIS, "foobar"), 0x34531ca7168b8f38);
	assert_int_not_equal(fnv64_string(fnv64_string(FNV64_BASIS, "ab"), "c"),
			     fnv64_string(fnv64_string(FNV64_BASIS, "a"), "bc"));
}

/* Whatever the host's byte order. */
static void fnv64_of_a_number(void **unused)
{
	(void)unused;
	assert_int_equal(fnv64_u64(FNV64_BASIS, 0x0807060504030201),
			 fnv64(FNV64_BASIS, (const uint8_t[]){1, 2, 3, 4, 5, 6, 7, 8}, 8));
	assert_int_equal(fnv64_u64(FNV64_BASIS, UINT64_MAX), fnv64(FNV64_BASIS, "\377\377\377\377\377\377\377\377", 8));
	assert_int_not_equal(fnv64_u64(FNV64_BASIS, 0), FNV64_BASIS);
}

static void empty_map(void **unused)
{
	struct index_map *map = index_map__new();

	(void)unused;
	assert_non_null(map);
	assert_int_equal(index_map__count(map), 0);
	assert_int_equal(index_map__get(map, 0), INDEX_MAP_NONE);
	assert_int_equal(index_map__get(map, UINT64_MAX), INDEX_MAP_NONE);
	index_map__free(map);
	index_map__free(NULL);
}

static void put_and_overwrite(void **unused)
{
	struct index_map *map = index_map__new();

	(void)unused;
	assert_int_equal(index_map__put(map, 0, 7), 0);
	assert_int_equal(index_map__put(map, UINT64_MAX, 0), 0);
	assert_int_equal(index_map__put(map, 42, UINT32_MAX - 1), 0);
	assert_int_equal(index_map__count(map), 3);
	assert_int_equal(index_map__get(map, 0), 7);
	assert_int_equal(index_map__get(map, UINT64_MAX), 0);
	assert_int_equal(index_map__get(map, 42), UINT32_MAX - 1);
	assert_int_equal(index_map__get(map, 43), INDEX_MAP_NONE);
	assert_int_equal(index_map__put(map, 0, 8), 0);
	assert_int_equal(index_map__count(map), 3);
	assert_int_equal(index_map__get(map, 0), 8);
	index_map__free(map);
}

/* Addresses, hashes, small numbers, high bits: each kind of key through many growths. */
static void many_keys(void **unused)
{
	enum { KEYS = 100000 };

	(void)unused;
	for (int kind = 0; kind < 4; kind++) {
		struct index_map *map = index_map__new();

		for (int pass = 0; pass < 2; pass++) {
			for (uint32_t i = 0; i < KEYS; i++) {
				uint64_t key = kind == 0   ? i
					       : kind == 1 ? 0x7f0000000000 + 16 * (uint64_t)i
					       : kind == 2 ? (uint64_t)i << 44
							   : fnv64_u64(FNV64_BASIS, i);

				if (!pass)
					assert_int_equal(index_map__put(map, key, i * 3), 0);
				else
					assert_int_equal(index_map__get(map, key), i * 3);
			}
			assert_int_equal(index_map__count(map), KEYS);
		}
		assert_int_equal(index_map__get(map, 0x123456789abcdef1), INDEX_MAP_NONE);
		index_map__free(map);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fnv64_known_vectors), cmocka_unit_test(fnv64_goes_on),
		cmocka_unit_test(fnv64_of_a_number),   cmocka_unit_test(empty_map),
		cmocka_unit_test(put_and_overwrite),   cmocka_unit_test(many_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
