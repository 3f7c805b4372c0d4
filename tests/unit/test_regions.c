/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/array.h"
#include "target/regions.h"

/* Addresses and lengths are in pages here; the time of a record is its place in the list, unless it says another. */
enum { PAGE = 4096 };

struct call {
	uint64_t start, pages;
	bool gone;
	uint64_t since; /* 0: after those before it */
	uint64_t live;  /* pages that must be left */
};

static struct maps maps_of(const char *const *lines, size_t count)
{
	struct maps maps = {0};

	for (size_t i = 0; i < count; i++)
		assert_int_equal(maps__add_line(&maps, lines[i]), 0);
	return maps;
}

/* The order in which records come must not matter: they are given as they are, and turned round. */
static void check(const struct call *calls, size_t count, const struct maps *maps)
{
	struct region regions[32];

	assert_true(count <= ARRAY_SIZE(regions));
	for (int turned = 0; turned < 2; turned++) {
		for (size_t i = 0; i < count; i++) {
			const struct call *call = &calls[turned ? count - 1 - i : i];

			regions[i] = (struct region){
				.start = call->start * PAGE,
				.length = call->pages * PAGE,
				.gone = call->gone,
				.since_ns = call->since ? call->since : (uint64_t)(call - calls) + 1,
				.stack = (uint64_t)(call - calls),
				.live_bytes = 99,
			};
		}
		assert_int_equal(regions__reconcile(regions, count, maps), 0);
		for (size_t i = 0; i < count; i++)
			assert_int_equal(regions[i].live_bytes, calls[regions[i].stack].live * PAGE);
	}
}

#define CHECK(maps, ...)                                                                                               \
	do {                                                                                                           \
		const struct call calls_[] = {__VA_ARGS__};                                                            \
		check(calls_, ARRAY_SIZE(calls_), maps);                                                               \
	} while (0)

static void nothing_is_nothing(void **state)
{
	struct maps none = {0};

	(void)state;
	assert_int_equal(regions__reconcile(NULL, 0, NULL), 0);
	assert_int_equal(regions__reconcile(NULL, 0, &none), 0);
	CHECK(&none, {.start = 16, .pages = 4, .live = 0});
	CHECK(NULL, {.start = 16, .pages = 0, .live = 0}, {.start = 16, .pages = 4, .live = 4});
}

static void records_alone_tell(void **state)
{
	(void)state;
	/* side by side */
	CHECK(NULL, {.start = 16, .pages = 4, .live = 4}, {.start = 20, .pages = 4, .live = 4});
	/* unmapped in the middle, at the end, beyond both ends */
	CHECK(NULL, {.start = 16, .pages = 16, .live = 12}, {.start = 20, .pages = 4, .gone = true});
	CHECK(NULL, {.start = 16, .pages = 16, .live = 14}, {.start = 30, .pages = 8, .gone = true});
	CHECK(NULL, {.start = 16, .pages = 16, .live = 0}, {.start = 10, .pages = 40, .gone = true});
	/* and mapped there again */
	CHECK(NULL, {.start = 16, .pages = 16, .live = 12}, {.start = 20, .pages = 4, .gone = true},
	      {.start = 21, .pages = 2, .live = 2});
	/* what was unmapped before is none of its business */
	CHECK(NULL, {.start = 10, .pages = 40, .gone = true}, {.start = 16, .pages = 16, .live = 16});
}

static void the_newer_is_right(void **state)
{
	(void)state;
	/* mapped over: in the middle, over both ends, exactly, over the border of two */
	CHECK(NULL, {.start = 16, .pages = 16, .live = 12}, {.start = 20, .pages = 4, .live = 4});
	CHECK(NULL, {.start = 16, .pages = 4, .live = 0}, {.start = 10, .pages = 16, .live = 16});
	CHECK(NULL, {.start = 16, .pages = 4, .live = 0}, {.start = 16, .pages = 4, .live = 4});
	CHECK(NULL, {.start = 16, .pages = 4, .live = 2}, {.start = 20, .pages = 4, .live = 2},
	      {.start = 18, .pages = 4, .live = 4});
	/* whatever was there is there again below something that ended earlier */
	CHECK(NULL, {.start = 16, .pages = 32, .since = 1, .live = 18},
	      {.start = 20, .pages = 10, .since = 3, .live = 10}, {.start = 22, .pages = 12, .since = 2, .live = 4});
	/* five deep, from the oldest and widest to the newest and narrowest */
	CHECK(NULL, {.start = 10, .pages = 20, .live = 4}, {.start = 12, .pages = 16, .live = 4},
	      {.start = 14, .pages = 12, .live = 4}, {.start = 16, .pages = 8, .live = 4},
	      {.start = 18, .pages = 4, .live = 4});
}

/* As a process does it: mremap's record comes with one of where it was. */
static void moved_and_grown(void **state)
{
	(void)state;
	CHECK(NULL, {.start = 16, .pages = 8, .live = 0}, {.start = 16, .pages = 8, .gone = true},
	      {.start = 64, .pages = 12, .live = 12});
	/* the other thread got the addresses while that was going on: its record is newer than the call's beginning */
	CHECK(NULL, {.start = 16, .pages = 8, .since = 1, .live = 0},
	      {.start = 16, .pages = 8, .gone = true, .since = 2}, {.start = 18, .pages = 4, .since = 3, .live = 4},
	      {.start = 64, .pages = 8, .since = 4, .live = 8});
}

/* The break went up twice, down below the second growth, and up again. */
static void the_break_moves(void **state)
{
	(void)state;
	CHECK(NULL, {.start = 16, .pages = 8, .live = 6}, {.start = 24, .pages = 8, .live = 0},
	      {.start = 22, .pages = 10, .gone = true}, {.start = 22, .pages = 4, .live = 4});
}

static void mappings_have_the_last_word(void **state)
{
	static const char *const lines[] = {
		"00010000-00014000 rw-p 00000000 00:00 0 ",                                 /* 16 to 20 */
		"00016000-00018000 ---p 00000000 00:00 0 ",                                 /* 22 to 24 */
		"00018000-0001a000 r--p 00000000 fd:01 77                          /lib/x", /* 24 to 26 */
		"0001a000-0001c000 rw-s 00000000 00:01 78                          /dev/zero (deleted)",
		"00020000-00024000 rw-p 00000000 00:00 0                          [heap]", /* 32 to 36 */
	};
	struct maps maps = maps_of(lines, ARRAY_SIZE(lines));

	(void)state;
	/* unmapped in the middle, a file and shared memory mapped over it, the end unmapped */
	CHECK(&maps, {.start = 16, .pages = 24, .live = 10});
	/* two in one mapping of the kernel's, which joins neighbours */
	CHECK(&maps, {.start = 16, .pages = 2, .live = 2}, {.start = 18, .pages = 2, .live = 2},
	      {.start = 32, .pages = 1, .live = 1}, {.start = 33, .pages = 20, .live = 3});
	/* newer ones first, and only what is mapped */
	CHECK(&maps, {.start = 8, .pages = 40, .live = 4}, {.start = 18, .pages = 5, .live = 3},
	      {.start = 33, .pages = 4, .live = 3}, {.start = 60, .pages = 4, .live = 0});
	maps__free(&maps);
}

static void the_end_of_addresses(void **state)
{
	struct region regions[] = {
		{.start = UINT64_MAX - 4095, .length = 1 << 20, .since_ns = 1},
		{.start = 4096, .length = UINT64_MAX, .since_ns = 2, .gone = true},
	};

	(void)state;
	assert_int_equal(regions__reconcile(regions, 2, NULL), 0);
	assert_int_equal(regions[0].live_bytes + regions[1].live_bytes, 0);
}

/* Against a table of every page, for many records at random. */
static void as_if_page_by_page(void **state)
{
	enum { PAGES = 256, RECORDS = 64 };
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 500; round++) {
		struct region regions[RECORDS];
		uint64_t live[RECORDS] = {0};
		int owner[PAGES];

		memset(owner, -1, sizeof(owner));
		for (int i = 0; i < RECORDS; i++) {
			uint32_t start = (seed = seed * 1664525 + 1013904223) >> 24;
			uint32_t length = (seed = seed * 1664525 + 1013904223) >> 27;

			regions[i] = (struct region){.start = start,
						     .length = length,
						     .since_ns = (uint64_t)i,
						     .stack = (uint64_t)i,
						     .gone = seed >> 16 & 1};
			for (uint32_t p = start; p < start + length && p < PAGES; p++)
				owner[p] = regions[i].gone ? -1 : i;
			if (start + length > PAGES)
				regions[i].length = PAGES - start;
		}
		for (int p = 0; p < PAGES; p++)
			if (owner[p] >= 0)
				live[owner[p]]++;
		assert_int_equal(regions__reconcile(regions, RECORDS, NULL), 0);
		for (int i = 0; i < RECORDS; i++)
			assert_int_equal(regions[i].live_bytes, live[regions[i].stack]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_nothing),   cmocka_unit_test(records_alone_tell),
		cmocka_unit_test(the_newer_is_right),   cmocka_unit_test(moved_and_grown),
		cmocka_unit_test(the_break_moves),      cmocka_unit_test(mappings_have_the_last_word),
		cmocka_unit_test(the_end_of_addresses), cmocka_unit_test(as_if_page_by_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
