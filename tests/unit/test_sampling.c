/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sampling arithmetic that the BPF programs are compiled with, against the same in double. All draws are seeded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "lib/array.h"
#include "sampling.h"

static uint64_t state;

/* splitmix64 */
static uint64_t draw64(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static uint32_t draw32(void)
{
	return (uint32_t)(draw64() >> 32);
}

static double probability(uint32_t chance)
{
	return chance ? ldexp(chance, -32) : 1;
}

static void assert_close(double got, double wanted, double tolerance, const char *what)
{
	if (fabs(got - wanted) > tolerance)
		fail_msg("%s: %.12g, should be %.12g within %.3g", what, got, wanted, tolerance);
}

/* ---- the chance */

static const uint64_t periods[] = {
	1, 2, 3, 7, 64, 1000, 4096, 65537, 524288, 1000000, 1 << 20, 107600000, MT_PERIOD_MAX - 1, MT_PERIOD_MAX};

/*
 * What rounding may take: n/T is cut to units of 2^-29, the chance to units of 2^-32, of which the factors of the
 * product cost at most 16; the series and the table are good for 3e-7 of the chance.
 */
static double chance_tolerance(uint64_t size, uint64_t period)
{
	double ratio = (double)size / (double)period;

	return exp(-ratio) * ldexp(1, -29) + ldexp(16, -32) + 3e-7 * -expm1(-ratio);
}

static void check_chance(uint64_t size, uint64_t period)
{
	uint64_t n = size ? size : 1;
	double wanted = -expm1(-(double)n / (double)period);
	uint32_t chance = mt_sampling_chance(size, period);

	if (fabs(probability(chance) - wanted) > chance_tolerance(n, period))
		fail_msg("size %lu, period %lu: %.12g, should be %.12g", size, period, probability(chance), wanted);
}

static void chance_is_one_minus_exp(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(periods); i++) {
		check_chance(0, periods[i]);
		for (int bit = 0; bit <= 40; bit++) {
			check_chance(1ULL << bit, periods[i]);
			check_chance((1ULL << bit) + 1, periods[i]);
			check_chance((1ULL << bit) - 1, periods[i]);
		}
		for (int half = 1; half < 2 * MT_CERTAIN; half++) /* where the table takes over from the series */
			for (int64_t near = -2; near <= 2; near++)
				if ((int64_t)(periods[i] * (unsigned)half / 2) + near > 0)
					check_chance(periods[i] * (unsigned)half / 2 + (uint64_t)near, periods[i]);
	}
	state = 1;
	for (int i = 0; i < 2000000; i++)
		check_chance(draw64() >> (24 + draw32() % 40), 1 + (draw64() & (MT_PERIOD_MAX - 1)));
}

/* The usual period: to a millionth wherever a unit of 2^-29 of n/T is finer than that. */
static void chance_at_the_usual_period(void **unused)
{
	(void)unused;
	for (uint64_t size = 1024; size < 22 * 524288; size += 509) {
		double wanted = -expm1(-(double)size / 524288);

		assert_close(probability(mt_sampling_chance(size, 524288)) / wanted, 1, 1e-6, "chance");
	}
	assert_int_equal(mt_sampling_chance(524288, 524288), 2714937127); /* 1 - 1/e = 0.632120558829 */
	assert_close(probability(mt_sampling_chance(64, 524288)), 64 / 524288.0, 1e-8, "64 bytes");
}

static void larger_is_likelier(void **unused)
{
	(void)unused;
	state = 2;
	for (size_t i = 0; i < ARRAY_SIZE(periods); i++) {
		uint64_t period = periods[i];
		double last = 0;

		for (uint64_t size = 1; size < 23 * period; size += 1 + period / 3001) {
			double p = probability(mt_sampling_chance(size, period));

			if (p < last)
				fail_msg("period %lu: size %lu is less likely than a smaller one", period, size);
			last = p;
		}
		assert_true(last == 1);
	}
}

static void large_blocks_are_certain(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(periods); i++) {
		uint64_t certain = periods[i] * MT_CERTAIN;

		assert_int_equal(mt_sampling_chance(certain, periods[i]), 0);
		assert_int_equal(mt_sampling_chance(1ULL << 40, periods[i]), 0);
		assert_int_equal(mt_sampling_chance(UINT64_MAX, periods[i]), 0);
		assert_int_not_equal(mt_sampling_chance(certain - 1, periods[i]), 0);
		assert_true(probability(mt_sampling_chance(certain - 1, periods[i])) < 1);
	}
	for (int bit = 0; bit < 64; bit++)
		assert_int_equal(mt_sampling_chance(1ULL << bit, 0), 0);
}

/* ---- what a sample stands for */

/* The early way out, size / period, never takes away a draw that the chance would have let through. */
static void draws_have_the_stated_chance(void **unused)
{
	uint32_t chance, drawn;

	(void)unused;
	state = 3;
	for (int i = 0; i < 1000000; i++) {
		uint64_t period = 1 + (draw64() & (MT_PERIOD_MAX - 1)), size = draw64() >> (24 + draw32() % 40);

		chance = mt_sampling_chance(size, period);
		if (!chance) {
			assert_true(mt_sampling_draw(size, period, 0xffffffff, &drawn));
			assert_int_equal(drawn, 0);
			continue;
		}
		assert_false(mt_sampling_draw(size, period, chance, &drawn));
		if (!mt_sampling_draw(size, period, chance - 1, &drawn))
			fail_msg("size %lu, period %lu: %u is not sampled, the chance being %u", size, period,
				 chance - 1, chance);
		assert_int_equal(drawn, chance);
		assert_true(mt_sampling_draw(size, period, 0, &drawn));
	}
	assert_true(mt_sampling_draw(1, 0, 0xffffffff, &drawn));
	assert_int_equal(drawn, 0);
}

static void certain_blocks_stand_for_themselves(void **unused)
{
	(void)unused;
	for (int bit = 0; bit <= 40; bit++) {
		assert_int_equal(mt_sampling_bytes(1ULL << bit, 0), 1ULL << bit);
		assert_int_equal(mt_sampling_objects(0, 0xffffffff), 1);
		assert_int_equal(mt_sampling_variance(1ULL << bit, 0), 0);
	}
	assert_int_equal(mt_sampling_bytes(0, 0), 0);
	assert_int_equal(mt_sampling_bytes(0, 1000), 0);
	assert_int_equal(mt_sampling_bytes(3000, 1U << 31), 6000);
	assert_int_equal(mt_sampling_bytes(3000, 1U << 30), 12000);
	assert_int_equal(mt_sampling_objects(1U << 31, 12345), 2);
	assert_int_equal(mt_sampling_objects(1U << 30, 0xffffffff), 4);
	assert_int_equal(mt_sampling_objects(2, 0xffffffff), 0x80000000);
	/* half of them, of 4096 bytes each: (2 * 4096)^2 / 2 square bytes, in units of 2^16 */
	assert_int_equal(mt_sampling_variance(4096, 1U << 31), 512);
	/* a quarter: (4 * 4096)^2 * 3/4 */
	assert_int_equal(mt_sampling_variance(4096, 1U << 30), 3072);
}

/* p = 2/3: 1.5 objects are one or two, in equal shares. */
static void objects_round_without_bias(void **unused)
{
	static const uint32_t chances[] = {2, 3, 1000, 524288, 123456789, 0xaaaaaaab, 0xfffffffe, 0xffffffff};

	(void)unused;
	state = 4;
	for (size_t i = 0; i < ARRAY_SIZE(chances); i++) {
		double wanted = 1 / probability(chances[i]), sum = 0;
		enum { DRAWS = 400000 };

		for (int j = 0; j < DRAWS; j++) {
			uint32_t objects = mt_sampling_objects(chances[i], draw32());

			assert_true(objects == (uint32_t)floor(wanted) || objects == (uint32_t)ceil(wanted));
			sum += objects;
		}
		/* five standard deviations of a mean of draws that are at most 1 apart */
		assert_close(sum / DRAWS, wanted, 5 * 0.5 / sqrt(DRAWS), "mean objects");
	}
}

/* Sums over the blocks that were drawn of many equal ones. */
struct estimate {
	double bytes, objects, variance;
	uint64_t samples;
};

static void estimate__add(struct estimate *estimate, uint64_t size, uint64_t period)
{
	uint32_t chance;

	if (!mt_sampling_draw(size, period, draw32(), &chance))
		return;
	estimate->bytes += (double)mt_sampling_bytes(size, chance);
	estimate->objects += mt_sampling_objects(chance, draw32());
	estimate->variance += ldexp((double)mt_sampling_variance(size, chance), MT_VARIANCE_SHIFT);
	estimate->samples++;
}

/*
 * With p in doubles: n blocks of s bytes give a mean of n s and a variance of n s^2 (1-p)/p, of which the estimated
 * one must have the mean. Bounds are five standard deviations.
 */
static void estimates_are_unbiased(void **unused)
{
	static const uint64_t sizes[] = {1, 16, 64, 1000, 4096, 65536, 262144, 524288, 1 << 20, 4 << 20, 11 << 20};
	static const uint64_t test_periods[] = {4096, 524288, 3000000};

	(void)unused;
	state = 5;
	for (size_t i = 0; i < ARRAY_SIZE(test_periods); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(sizes); j++) {
			double size = (double)sizes[j], p = -expm1(-size / (double)test_periods[i]);
			double n = ceil(5000 / p), deviation = sqrt(n * size * size * (1 - p) / p);
			double rounding = n * p + 1e-6 * n * size; /* a byte a sample, and the chance's own */
			struct estimate e = {0};

			if (n > 5e6)
				continue;
			for (double k = 0; k < n; k++)
				estimate__add(&e, sizes[j], test_periods[i]);
			assert_close((double)e.samples, n * p, 5 * sqrt(n * p) + 1e-5 * n * p, "samples");
			if (size >= 1000) /* below, n/T in units of 2^-29 is off by more than 1e-6 */
				assert_close(e.bytes, n * size, 5 * deviation + rounding, "bytes");
			else
				assert_close(e.bytes, n * size, 5 * deviation + 1e-2 * n * size, "bytes");
			assert_close(e.objects, n, 5 * (deviation / size + sqrt(n * p)) + 1e-2 * n, "objects");
			if (size / p >= 65536 && p < 0.999)
				assert_close(e.variance, deviation * deviation,
					     (5 / sqrt(n * p) + 0.01) * deviation * deviation, "variance");
		}
	}
}

/* The variance is summed at allocation and taken off at free: the same number, whatever happened between. */
static void variance_is_near_the_formula(void **unused)
{
	(void)unused;
	state = 6;
	for (int i = 0; i < 1000000; i++) {
		uint64_t period = 4096 + draw64() % (MT_PERIOD_MAX - 4096),
			 size = 1 + (draw64() >> (24 + draw32() % 40));
		uint32_t chance = mt_sampling_chance(size, period);
		double p = probability(chance), bytes = (double)mt_sampling_bytes(size, chance);
		double wanted = bytes * bytes * (1 - p), got;

		if (!chance)
			continue;
		got = ldexp((double)mt_sampling_variance(size, chance), MT_VARIANCE_SHIFT);
		/* bytes are cut to 256, the result to 2^17 square bytes */
		assert_true(got <= wanted);
		assert_close(got, wanted, wanted * 2 * 256 / bytes + ldexp(2, MT_VARIANCE_SHIFT), "variance");
	}
}

/* ---- a table that fills up */

static void no_pressure_up_to_half_full(void **unused)
{
	static const uint64_t capacities[] = {1000, 1024, 10240, 1 << 20, 10000000};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(capacities); i++) {
		uint64_t half = capacities[i] / 2;

		assert_int_equal(mt_sampling_pressed_period(0, capacities[i], 100), 0);
		assert_int_equal(mt_sampling_pressed_period(half, capacities[i], 100), 0);
		assert_int_equal(mt_sampling_pressed_period(half + 1, capacities[i], 100), 400);
		assert_int_equal(mt_sampling_pressed_period(half + 1, capacities[i], 0), 4);
	}
}

static void pressure_grows_with_the_fill(void **unused)
{
	static const uint64_t bases[] = {0, 1, 40, 4096, 1 << 20, MT_PERIOD_MAX, 1ULL << 40, UINT64_MAX};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
		uint64_t last = 0;

		for (uint64_t entries = 0; entries <= 10300; entries++) {
			uint64_t period = mt_sampling_pressed_period(entries, 10240, bases[i]);

			assert_true(period >= last);
			assert_true(period <= MT_PERIOD_MAX);
			last = period;
		}
	}
	assert_int_equal(mt_sampling_pressed_period(5120 + 640, 10240, 40), 40 * 16);
	assert_int_equal(mt_sampling_pressed_period(10240 - 640, 10240, 40), 40 << 16);
	assert_int_equal(mt_sampling_pressed_period(10240, 10240, 40), MT_PERIOD_MAX);
}

/* The live table as the programs keep it, of blocks that are never freed. */
struct table {
	uint64_t entries, capacity, base;
	double live, variance;
};

/* False if the table is full. */
static bool table__add(struct table *table, uint64_t size)
{
	uint64_t period = 0;
	uint32_t chance;

	if (table->entries > table->capacity / 2) {
		if (!table->base)
			table->base = (uint64_t)table->live / table->entries;
		period = mt_sampling_pressed_period(table->entries, table->capacity, table->base);
	}
	if (!mt_sampling_draw(size, period, draw32(), &chance))
		return true;
	if (table->entries == table->capacity)
		return false;
	table->entries++;
	table->live += (double)mt_sampling_bytes(size, chance);
	table->variance += ldexp((double)mt_sampling_variance(size, chance), MT_VARIANCE_SHIFT);
	return true;
}

/* 90 % small blocks, some of pages, few that are large. */
static uint64_t mixed_size(void)
{
	uint32_t which = draw32() % 100;

	return which < 90 ? 16 + draw32() % 240 : which < 99 ? 1024 + draw32() % 8192 : 65536 + draw32() % 131072;
}

static void pressed_table_never_fills_and_is_unbiased(void **unused)
{
	enum { RUNS = 60, BLOCKS = 1000000, CAPACITY = 10000 };
	double sum = 0, truths = 0, squares = 0, variances = 0;

	(void)unused;
	state = 7;
	for (int run = 0; run < RUNS; run++) {
		struct table table = {.capacity = CAPACITY};
		double truth = 0;

		for (int i = 0; i < BLOCKS; i++) {
			uint64_t size = mixed_size();

			truth += (double)size;
			if (!table__add(&table, size))
				fail_msg("run %d: full after %d blocks", run, i);
		}
		assert_true(table.entries > CAPACITY / 2);
		assert_close(table.live, truth, 5 * sqrt(table.variance), "a run's total");
		sum += table.live;
		truths += truth;
		squares += (table.live - truth) * (table.live - truth);
		variances += table.variance;
	}
	/* the mean within three of its standard errors, and the stated variances are the observed ones */
	assert_close(sum / truths, 1, 3 * sqrt(variances) / truths, "mean of totals");
	assert_close(squares / variances, 1, 4 * sqrt(2.0 / RUNS), "observed against stated variance");
}

/* Blocks of one size, the worst order: the table's size times 4,000 of them. */
static void a_table_holds_four_thousand_times_its_size(void **unused)
{
	struct table table = {.capacity = 1000};

	(void)unused;
	state = 8;
	for (int i = 0; i < 4000000; i++)
		if (!table__add(&table, 64))
			fail_msg("full after %d blocks", i);
	assert_close(table.live, 256e6, 5 * sqrt(table.variance), "total");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chance_is_one_minus_exp),
		cmocka_unit_test(chance_at_the_usual_period),
		cmocka_unit_test(larger_is_likelier),
		cmocka_unit_test(large_blocks_are_certain),
		cmocka_unit_test(draws_have_the_stated_chance),
		cmocka_unit_test(certain_blocks_stand_for_themselves),
		cmocka_unit_test(objects_round_without_bias),
		cmocka_unit_test(estimates_are_unbiased),
		cmocka_unit_test(variance_is_near_the_formula),
		cmocka_unit_test(no_pressure_up_to_half_full),
		cmocka_unit_test(pressure_grows_with_the_fill),
		cmocka_unit_test(pressed_table_never_fills_and_is_unbiased),
		cmocka_unit_test(a_table_holds_four_thousand_times_its_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
