/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/jemalloc_words.h"
#include "analyze/reach.h"

/* A heap of some blocks of 32 bytes, 48 apart, so that what lies between is no block's. Word w of block b points to: */
enum { BASE = 0x10000, STEP = 48, SIZE = 32, WORDS = SIZE / 8, BLOCKS_MAX = 64 };

struct heap {
	uint32_t count;
	uint64_t words[BLOCKS_MAX * STEP / 8];
	uint64_t roots[BLOCKS_MAX];
	size_t root_count;
};

static const struct reach_rules plain;

static uint64_t address_of(uint32_t block)
{
	return BASE + (uint64_t)block * STEP;
}

static void point(struct heap *heap, uint32_t from, int word, uint64_t to)
{
	heap->words[from * (STEP / 8) + (uint32_t)word] = to;
}

static void root(struct heap *heap, uint64_t to)
{
	heap->roots[heap->root_count++] = to;
}

/* `pieces`: the memory comes in so many. */
static struct reach *mark(const struct heap *heap, struct block_span *blocks, size_t pieces, const uint8_t *reached)
{
	size_t words = heap->count * (STEP / 8), piece = words / pieces + 1;
	struct reach *reach;

	for (uint32_t i = 0; i < heap->count; i++)
		blocks[i] = (struct block_span){address_of(i), address_of(i) + SIZE};
	reach = reach__new(blocks, heap->count, &plain);
	assert_non_null(reach);
	reach__roots(reach, 1, heap->roots, heap->root_count);
	for (size_t at = 0; at < words; at += piece)
		assert_int_equal(reach__scan(reach, BASE + at * 8, heap->words + at,
					     words - at < piece ? words - at : piece, true),
				 0);
	if (reached)
		reach__add_reached(reach, reached);
	assert_int_equal(reach__solve(reach), 0);
	return reach;
}

/* A letter for each block: Reachable, Possibly, Indirectly, Definitely lost. */
static void check(const struct heap *heap, const char *expected)
{
	struct block_span blocks[BLOCKS_MAX];
	char found[BLOCKS_MAX + 1] = "";

	for (size_t pieces = 1; pieces < 20; pieces += 6) {
		struct reach *reach = mark(heap, blocks, pieces, NULL);

		for (uint32_t i = 0; i < heap->count; i++)
			found[i] = "RPID"[reach__class(reach, i)];
		assert_string_equal(found, expected);
		reach__free(reach);
	}
}

static void chains_from_roots_and_from_nowhere(void **state)
{
	struct heap heap = {.count = 8};

	(void)state;
	root(&heap, address_of(0));
	point(&heap, 0, 0, address_of(1));
	point(&heap, 1, 3, address_of(2));
	point(&heap, 7, 0, address_of(4)); /* a list whose head is the last one */
	point(&heap, 4, 0, address_of(5));
	point(&heap, 5, 0, address_of(6));
	point(&heap, 7, 1, address_of(2)); /* what is reachable stays so */
	check(&heap, "RRRDIIID");
}

static void rings_have_one_leader(void **state)
{
	struct heap heap = {.count = 8};

	(void)state;
	for (uint32_t i = 1; i < 4; i++)
		point(&heap, i, 1, address_of(i % 3 + 1));
	point(&heap, 0, 0, address_of(0)); /* to itself */
	point(&heap, 6, 2, address_of(2)); /* into the ring, from a block that is looked at after it */
	point(&heap, 4, 0, address_of(5));
	point(&heap, 5, 0, address_of(4));
	check(&heap, "DIIIDIDD"); /* 6 leads to all of the ring */
}

static void interior_and_end_pointers(void **state)
{
	struct heap heap = {.count = 7};

	(void)state;
	root(&heap, address_of(0) + 8);
	point(&heap, 0, 0, address_of(1)); /* no surer than what it hangs on */
	root(&heap, address_of(2) + SIZE); /* the byte behind it */
	root(&heap, address_of(3) + SIZE + 1);
	root(&heap, address_of(4) - 1);
	root(&heap, address_of(5));
	point(&heap, 5, 0, address_of(6) + 31);
	check(&heap, "PPPDDRP");
}

static void an_end_is_the_next_ones_start(void **state)
{
	const struct block_span blocks[] = {{0x1000, 0x1010}, {0x1010, 0x1020}};
	const uint64_t word = 0x1010;
	struct reach *reach = reach__new(blocks, 2, &plain);

	(void)state;
	reach__roots(reach, 1, &word, 1);
	assert_int_equal(reach__solve(reach), 0);
	assert_int_equal(reach__class(reach, 0), REACH_DEFINITE);
	assert_int_equal(reach__class(reach, 1), REACH_REACHABLE);
	reach__free(reach);
}

/* The word is where an allocator's own may be, and then where the program's are. */
static void allocators_have_ends_of_their_own(void **state)
{
	static const struct {
		uint64_t size, header; /* of glibc's next chunk, from the block's start on */
	} cases[] = {{1, 16}, {16, 16}, {24, 16}, {25, 32}, {40, 32}, {41, 48}, {48, 48}, {72, 64}, {4096, 4096}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int ends = 0; ends < 2; ends++) {
			const struct block_span block = {0x10000, 0x10000 + cases[i].size};
			const uint64_t words[] = {block.limit, block.start + cases[i].header};
			struct reach *reach = reach__new(&block, 1, &plain);

			assert_int_equal(reach__scan(reach, 0x20000, words, 2, ends), 0);
			assert_int_equal(reach__solve(reach), 0);
			assert_int_equal(reach__class(reach, 0), ends ? REACH_POSSIBLY : REACH_DEFINITE);
			reach__free(reach);
		}
	}
}

/* jemalloc's record of an extent, at 0x2040, beside a pointer of the program's; without jemalloc both are one. */
static void jemallocs_records_do_not_count(void **state)
{
	enum { SIZE_100_KIB = 102400, CLASS_OF_112_KIB = 47 };
	const struct block_span blocks[] = {{0x100000, 0x100000 + SIZE_100_KIB}, {0x200000, 0x200000 + SIZE_100_KIB}};
	const uint64_t words[] = {(uint64_t)CLASS_OF_112_KIB << 20 | 1 << 13,
				  0x100000,
				  (112 << 10) + 4096 + 17,
				  0,
				  0,
				  0,
				  0,
				  0,
				  0,
				  0x200000,
				  (112 << 10),
				  0};

	(void)state;
	assert_int_equal(jemalloc_words__class_of(SIZE_100_KIB), CLASS_OF_112_KIB);
	for (int jemalloc = 0; jemalloc < 2; jemalloc++) {
		const struct reach_rules rules = {.jemalloc = jemalloc};
		struct reach *reach = reach__new(blocks, 2, &rules);

		assert_int_equal(reach__scan(reach, 0x2040, words, 12, false), 0);
		assert_int_equal(reach__solve(reach), 0);
		assert_int_equal(reach__class(reach, 0), jemalloc ? REACH_DEFINITE : REACH_REACHABLE);
		assert_int_equal(reach__class(reach, 1), REACH_REACHABLE);
		reach__free(reach);
	}
}

/* The classes' sizes are those of jemalloc's sc.h: a group of four for each power of two. */
static void size_classes(void **state)
{
	static const uint64_t sizes[] = {8,   16,  32,  48,  64,  80,  96,  112, 128, 160,
					 192, 224, 256, 320, 384, 448, 512, 640, 768, 896};

	(void)state;
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(jemalloc_words__class_of(sizes[i]), i);
		assert_int_equal(jemalloc_words__class_of(sizes[i] + 1), i + 1);
	}
	assert_int_equal(jemalloc_words__class_of(0), 0);
	assert_int_equal(jemalloc_words__class_of(14336), 35);
	assert_int_equal(jemalloc_words__class_of(16384), 36);
}

static void words_between_blocks_are_roots(void **state)
{
	struct heap heap = {.count = 4};

	(void)state;
	point(&heap, 0, WORDS, address_of(2));     /* behind block 0 */
	point(&heap, 2, WORDS - 1, address_of(3)); /* its last word */
	check(&heap, "DDRR");
}

static void tags_are_masked(void **state)
{
	const struct block_span block = {0x1000, 0x1010};
	const uint64_t word = 0xabcd000000001000;

	(void)state;
	for (int masked = 0; masked < 2; masked++) {
		const struct reach_rules rules = {.pointer_mask = masked ? 0xffffffffffff : 0};
		struct reach *reach = reach__new(&block, 1, &rules);

		reach__roots(reach, 1, &word, 1);
		assert_int_equal(reach__solve(reach), 0);
		assert_int_equal(reach__class(reach, 0), masked ? REACH_REACHABLE : REACH_DEFINITE);
		reach__free(reach);
	}
}

static void note_pointer(void *context, const struct reach_pointer *pointer)
{
	struct reach_pointer **next = context;

	*(*next)++ = *pointer;
}

static void pointers_are_told(void **state)
{
	const struct block_span blocks[] = {{0x1000, 0x1020}, {0x1020, 0x1040}};
	const uint64_t words[] = {0x1020, 0, 0, 0x1028, 0x1000, 0x1040, 0, 0, 0x1020}, word = 0x1030;
	const bool targets[] = {false, true};
	const struct reach_pointer expected[] = {
		{0, 77, BLOCK_NONE, 1, true},
		{0x1000, 0, 0, 1, false},
		{0x1018, 0, 0, 1, true},
		{0x1040, 0, BLOCK_NONE, 1, false},
	};
	struct reach_pointer told[8] = {0}, *next = told;
	struct reach *reach = reach__new(blocks, 2, &plain);

	(void)state;
	reach__watch(reach, targets, note_pointer, &next);
	reach__roots(reach, 77, &word, 1);
	assert_int_equal(reach__scan(reach, 0x1000, words, 9, false), 0);
	/* the block's own are pointers to it, too: the end at 0x1028 */
	assert_int_equal(next - told, 5);
	assert_int_equal(told[3].at, 0x1028);
	assert_int_equal(told[3].source, 1);
	told[3] = told[4];
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(told[i].at, expected[i].at);
		assert_int_equal(told[i].tid, expected[i].tid);
		assert_int_equal(told[i].source, expected[i].source);
		assert_int_equal(told[i].target, expected[i].target);
		assert_int_equal(told[i].interior, expected[i].interior);
	}
	reach__free(reach);
}

/* A block that the first look has reached leads to others, also if nothing leads there any more. */
static void two_looks(void **state)
{
	struct heap heap = {.count = 6};
	const uint8_t classes[] = {REACH_REACHABLE, REACH_DEFINITE, REACH_POSSIBLY,
				   REACH_INDIRECT,  REACH_DEFINITE, REACH_DEFINITE};
	struct block_span blocks[BLOCKS_MAX];
	struct reach *reach;
	char found[7] = "";

	(void)state;
	point(&heap, 0, 0, address_of(1));
	point(&heap, 2, 0, address_of(3));
	root(&heap, address_of(5));
	reach = mark(&heap, blocks, 1, classes);
	for (uint32_t i = 0; i < heap.count; i++)
		found[i] = "RPID"[reach__class(reach, i)];
	assert_string_equal(found, "RRPPDR");
	reach__free(reach);
}

/* ---- against the plainest way to do it */

/* reached[a][b]: a chain leads from a to b; by start pointers only, or by any. */
struct closure {
	bool by_start[BLOCKS_MAX][BLOCKS_MAX], by_any[BLOCKS_MAX][BLOCKS_MAX];
};

static int block_at(const struct heap *heap, uint64_t address, bool *start)
{
	for (uint32_t i = 0; i < heap->count; i++)
		if (address >= address_of(i) && address <= address_of(i) + SIZE) {
			*start = address == address_of(i);
			return (int)i;
		}
	return -1;
}

static void close_over(const struct heap *heap, struct closure *closure)
{
	memset(closure, 0, sizeof(*closure));
	for (uint32_t i = 0; i < heap->count; i++) {
		closure->by_start[i][i] = closure->by_any[i][i] = true;
		for (int w = 0; w < WORDS; w++) {
			bool start = false;
			int to = block_at(heap, heap->words[i * (STEP / 8) + (uint32_t)w], &start);

			if (to >= 0) {
				closure->by_any[i][to] = true;
				closure->by_start[i][to] |= start;
			}
		}
	}
	for (uint32_t k = 0; k < heap->count; k++)
		for (uint32_t i = 0; i < heap->count; i++)
			for (uint32_t j = 0; j < heap->count; j++) {
				closure->by_any[i][j] |= closure->by_any[i][k] && closure->by_any[k][j];
				closure->by_start[i][j] |= closure->by_start[i][k] && closure->by_start[k][j];
			}
}

static bool reached(const struct heap *heap, const struct closure *closure, uint32_t block, bool starts_only)
{
	for (size_t r = 0; r < heap->root_count; r++) {
		bool start = false;
		int from = block_at(heap, heap->roots[r], &start);

		if (from < 0 || (starts_only && !start))
			continue;
		if (starts_only ? closure->by_start[from][block] : closure->by_any[from][block])
			return true;
	}
	return false;
}

/*
 * Of lost blocks one leads others if whoever leads to it is led to by it, and is not before it. That is what taking
 * them by address comes to.
 */
static bool leads(const struct heap *heap, const struct closure *closure, uint32_t block)
{
	for (uint32_t other = 0; other < heap->count; other++) {
		if (other == block || !closure->by_any[other][block] || reached(heap, closure, other, false))
			continue;
		if (!closure->by_any[block][other] || other < block)
			return false;
	}
	return true;
}

static void random_heaps(void **state)
{
	(void)state;
	srand(7);
	for (int round = 0; round < 300; round++) {
		struct heap heap = {.count = 3 + (uint32_t)rand() % (BLOCKS_MAX - 3)};
		struct block_span blocks[BLOCKS_MAX];
		static struct closure closure;
		struct reach *reach;
		uint32_t pointers = (uint32_t)rand() % (heap.count * 2);

		for (uint32_t i = 0; i < pointers; i++)
			point(&heap, (uint32_t)rand() % heap.count, rand() % WORDS,
			      address_of((uint32_t)rand() % heap.count) + (rand() % 3 ? 0 : (uint64_t)rand() % 40));
		for (int i = rand() % 6; i > 0; i--)
			root(&heap, address_of((uint32_t)rand() % heap.count) + (rand() % 3 ? 0 : 8));
		close_over(&heap, &closure);
		reach = mark(&heap, blocks, 1 + (size_t)rand() % 9, NULL);
		for (uint32_t i = 0; i < heap.count; i++) {
			enum reach_class expected = reached(&heap, &closure, i, true)    ? REACH_REACHABLE
						    : reached(&heap, &closure, i, false) ? REACH_POSSIBLY
						    : leads(&heap, &closure, i)          ? REACH_DEFINITE
											 : REACH_INDIRECT;

			assert_int_equal(reach__class(reach, i), expected);
			if (expected == REACH_DEFINITE)
				assert_int_equal(reach__leader(reach, i), i);
			if (expected == REACH_INDIRECT) {
				uint32_t leader = reach__leader(reach, i);

				assert_int_equal(reach__class(reach, leader), REACH_DEFINITE);
				assert_true(closure.by_any[leader][i]);
			}
		}
		reach__free(reach);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains_from_roots_and_from_nowhere),
		cmocka_unit_test(rings_have_one_leader),
		cmocka_unit_test(interior_and_end_pointers),
		cmocka_unit_test(an_end_is_the_next_ones_start),
		cmocka_unit_test(allocators_have_ends_of_their_own),
		cmocka_unit_test(jemallocs_records_do_not_count),
		cmocka_unit_test(size_classes),
		cmocka_unit_test(words_between_blocks_are_roots),
		cmocka_unit_test(tags_are_masked),
		cmocka_unit_test(pointers_are_told),
		cmocka_unit_test(two_looks),
		cmocka_unit_test(random_heaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
