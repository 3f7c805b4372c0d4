/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "analyze/block_index.h"

static uint32_t find(const struct block_index *index, uint64_t address)
{
	return block_index__find(index, address, block_index__guess(index, address));
}

/* By looking at all of them: the one that holds the address or ends there; of two that do, the one that begins there.
 */
static uint32_t find_slowly(const struct block_span *blocks, uint32_t count, uint64_t address)
{
	uint32_t found = BLOCK_NONE;

	for (uint32_t i = 0; i < count; i++)
		if (blocks[i].start <= address && address <= blocks[i].limit)
			found = i;
	return found;
}

static void check(const struct block_index *index, const struct block_span *blocks, uint32_t count, uint64_t address)
{
	uint32_t found = find(index, address);

	if (found != BLOCK_NONE && address > blocks[found].limit)
		found = BLOCK_NONE;
	assert_int_equal(found, find_slowly(blocks, count, address));
}

/* Sizes from a byte to some pages, with gaps and without, so that pages have one block, many, and none. */
static void addresses_lead_to_their_blocks(void **state)
{
	enum { COUNT = 400 };
	struct block_span blocks[COUNT];
	struct block_index *index;
	uint64_t at = 0x7f0000000000 + 0xff8;

	(void)state;
	srand(1);
	for (int i = 0; i < COUNT; i++) {
		static const int sizes[] = {1, 16, 16, 64, 500, 4096, 20000};

		at += rand() % 3 ? 0 : (uint64_t)rand() % 9000;
		blocks[i] = (struct block_span){at, at + (uint64_t)sizes[(i / 20 + rand() % 2) % 7]};
		at = blocks[i].limit;
	}
	index = block_index__new(blocks, COUNT);
	assert_non_null(index);
	for (int i = 0; i < COUNT; i++)
		for (int64_t off = -2; off <= 2; off++) {
			check(index, blocks, COUNT, blocks[i].start + (uint64_t)off);
			check(index, blocks, COUNT, blocks[i].limit + (uint64_t)off);
			check(index, blocks, COUNT, blocks[i].start / 2 + blocks[i].limit / 2 + (uint64_t)off);
		}
	block_index__free(index);
}

static void there_may_be_none(void **state)
{
	static const struct block_span far_away[] = {{0x1000, 0x1010}, {(1ULL << 47) - 16, (1ULL << 47) - 1}};
	static const uint64_t addresses[] = {0, 0xfff, 0x1011, 0x2000, 1ULL << 40, 1ULL << 47, UINT64_MAX};
	struct block_index *none = block_index__new(NULL, 0), *index = block_index__new(far_away, 2);

	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		assert_int_equal(find(none, addresses[i]), BLOCK_NONE);
		check(index, far_away, 2, addresses[i]);
	}
	assert_int_equal(find(index, 0x1010), 0);
	assert_int_equal(find(index, (1ULL << 47) - 16), 1);
	block_index__free(none);
	block_index__free(index);
	block_index__free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_lead_to_their_blocks),
		cmocka_unit_test(there_may_be_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
