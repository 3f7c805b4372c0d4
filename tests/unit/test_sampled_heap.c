/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The heap of tests/targets/mixed_heap.c, sampled with seeded draws by the arithmetic that the BPF programs have: what
 * tests/live/test_sampled.py tries on the real thing, where the kernel's random numbers cannot be seeded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "sampling.h"

/* The target's code, but for the allocator: its account is the list of blocks that is sampled here. */
static void *no_block(size_t size)
{
	static char block;

	return size ? &block : NULL;
}
#define malloc no_block
#define state  heap_state
#include "../targets/mixed_heap.c"
#undef malloc
#undef state

enum { BLOCKS_MAX = 300000 };

struct block {
	uint32_t size;
	uint32_t site;
};

static struct block blocks[BLOCKS_MAX];
static uint32_t block_count;

void truth__bulk(const char *site, uint64_t objects, uint64_t bytes)
{
	uint32_t number = (uint32_t)strtoul(strrchr(site, '_') + 1, NULL, 10);

	assert_int_equal(objects, 1);
	assert_true(block_count < BLOCKS_MAX);
	if (strncmp(site, "large", 5))
		number += LARGE;
	blocks[block_count++] = (struct block){.size = (uint32_t)bytes, .site = number};
}

void truth__fail(const char *what)
{
	fail_msg("%s", what);
	abort();
}

/* ---- sampling it */

struct books {
	double live[LARGE + SMALL], objects[LARGE + SMALL], variance[LARGE + SMALL];
	double total;
};

static uint64_t random_state;

static uint32_t draw32(void) /* splitmix64 */
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return (uint32_t)((z ^ (z >> 31)) >> 32);
}

static void sample(uint64_t period, struct books *books)
{
	memset(books, 0, sizeof(*books));
	for (uint32_t i = 0; i < block_count; i++) {
		const struct block *block = &blocks[i];
		uint32_t chance;

		if (!mt_sampling_draw(block->size, period, draw32(), &chance))
			continue;
		books->live[block->site] += (double)mt_sampling_bytes(block->size, chance);
		books->objects[block->site] += mt_sampling_objects(chance, draw32());
		books->variance[block->site] +=
			ldexp((double)mt_sampling_variance(block->size, chance), MT_VARIANCE_SHIFT);
		books->total += (double)mt_sampling_bytes(block->size, chance);
	}
}

static struct books truth;

static int make_heap(void **unused)
{
	char name[] = "mixed_heap", *args[] = {name, NULL};

	(void)unused;
	scenario(1, args);
	sample(0, &truth);
	return 0;
}

static void heap_is_a_gibibyte_of_large_and_small_sites(void **unused)
{
	(void)unused;
	assert_true(truth.total > (1 << 30) - LARGE && truth.total <= 1 << 30);
	for (int i = 0; i < LARGE + SMALL; i++) {
		assert_true(i < LARGE ? truth.live[i] > 40 << 20 : truth.live[i] == 2 << 20);
		assert_true(truth.variance[i] == 0);
	}
}

/* 20 runs at 512 KiB: the mean of the totals within 2 %, and the stated 95 % intervals hold for 92 to 98 %. */
static void check_twenty_runs(uint64_t seed)
{
	enum { RUNS = 20 };
	double sum = 0, held = 0;

	random_state = seed;
	for (int run = 0; run < RUNS; run++) {
		struct books books;

		sample(512 << 10, &books);
		sum += books.total;
		for (int i = 0; i < LARGE; i++)
			held += fabs(books.live[i] - truth.live[i]) <= 1.96 * sqrt(books.variance[i]);
	}
	if (fabs(sum / RUNS / truth.total - 1) > 0.02)
		fail_msg("seed %lu: the mean of totals is %.0f, should be %.0f", seed, sum / RUNS, truth.total);
	held /= RUNS * LARGE;
	if (held < 0.92 || held > 0.98)
		fail_msg("seed %lu: %.1f %% of the intervals hold", seed, held * 100);
}

static void intervals_hold_in_twenty_runs(void **unused)
{
	(void)unused;
	for (uint64_t seed = 1; seed <= 5; seed++)
		check_twenty_runs(seed);
}

/* In many runs each site's mean is its truth, in bytes and objects, and its stated variance the observed one. */
static void each_site_is_unbiased(void **unused)
{
	enum { RUNS = 1000 };
	static double sum[LARGE + SMALL], objects[LARGE + SMALL], squares[LARGE + SMALL], variances[LARGE + SMALL];

	(void)unused;
	random_state = 99;
	for (int run = 0; run < RUNS; run++) {
		struct books books;

		sample(512 << 10, &books);
		for (int i = 0; i < LARGE + SMALL; i++) {
			double error = books.live[i] - truth.live[i];

			sum[i] += error;
			objects[i] += books.objects[i] / truth.objects[i];
			squares[i] += error * error;
			variances[i] += books.variance[i];
		}
	}
	for (int i = 0; i < LARGE + SMALL; i++) {
		double deviation = sqrt(variances[i] / RUNS), relative = deviation / truth.live[i];

		if (fabs(sum[i] / RUNS) > 4 * deviation / sqrt(RUNS))
			fail_msg("site %d: %+.0f bytes off", i, sum[i] / RUNS);
		if (fabs(objects[i] / RUNS - 1) > 4 * relative / sqrt(RUNS) + 1e-3)
			fail_msg("site %d: %.4f of its objects", i, objects[i] / RUNS);
		if (fabs(squares[i] / variances[i] - 1) > 0.2)
			fail_msg("site %d: the observed variance is %.3f of the stated one", i,
				 squares[i] / variances[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heap_is_a_gibibyte_of_large_and_small_sites),
		cmocka_unit_test(intervals_hold_in_twenty_runs),
		cmocka_unit_test(each_site_is_unbiased),
	};

	return cmocka_run_group_tests(tests, make_heap, NULL);
}
