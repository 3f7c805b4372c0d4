/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The buckets of the live table: what goes in comes out, once, and whoever is faster gets it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "buckets.h"

static struct mt_live block_of(uint64_t size, uint32_t process)
{
	return (struct mt_live){.stack = size * 3, .size = size, .objects = 1, .process = process};
}

static void test_put_and_take(void **state)
{
	struct mt_bucket bucket = {0};
	struct mt_live block = block_of(48, 5), taken;

	(void)state;
	assert_true(mt_bucket_put(&bucket, 0x1000, &block));
	assert_true(mt_bucket_holds(&bucket, 0x1000, 5));
	assert_false(mt_bucket_take(&bucket, 0x1010, 5, &taken));
	assert_true(mt_bucket_take(&bucket, 0x1000, 5, &taken));
	assert_memory_equal(&taken, &block, sizeof(block));
	assert_false(mt_bucket_holds(&bucket, 0x1000, 5));
	assert_false(mt_bucket_take(&bucket, 0x1000, 5, &taken));
}

/* A forked child has its parent's addresses. */
static void test_processes_with_the_same_address(void **state)
{
	struct mt_live parent = block_of(16, MT_PROCESS(0, 0)), child = block_of(32, MT_PROCESS(1, 0)), taken;
	struct mt_bucket bucket = {0};

	(void)state;
	assert_true(mt_bucket_put(&bucket, 0x1000, &parent));
	assert_false(mt_bucket_holds(&bucket, 0x1000, child.process));
	assert_true(mt_bucket_put(&bucket, 0x1000, &child));
	assert_true(mt_bucket_take(&bucket, 0x1000, child.process, &taken));
	assert_int_equal(taken.size, 32);
	assert_false(mt_bucket_holds(&bucket, 0x1000, child.process));
	assert_true(mt_bucket_holds(&bucket, 0x1000, parent.process));
}

static void test_full(void **state)
{
	struct mt_bucket bucket = {0};
	struct mt_live block, taken;

	(void)state;
	for (uint64_t i = 0; i < MT_BUCKET_BLOCKS; i++) {
		block = block_of(i, 0);
		assert_true(mt_bucket_put(&bucket, 0x1000 + 16 * i, &block));
	}
	block = block_of(99, 0);
	assert_false(mt_bucket_put(&bucket, 0x2000, &block));
	assert_true(mt_bucket_take(&bucket, 0x1030, 0, &taken));
	assert_int_equal(taken.size, 3);
	assert_true(mt_bucket_put(&bucket, 0x2000, &block));
	assert_int_equal(bucket.address[3], 0x2000);
}

/* A place that somebody is at work on is neither free nor anybody's. */
static void test_claimed(void **state)
{
	struct mt_bucket bucket = {0};
	struct mt_live block = block_of(48, 0), taken;

	(void)state;
	assert_true(mt_bucket_claim(&bucket, 0, MT_ADDRESS_NONE));
	assert_false(mt_bucket_claim(&bucket, 0, MT_ADDRESS_NONE));
	assert_false(mt_bucket_take(&bucket, MT_ADDRESS_NONE + 16, 0, &taken));
	assert_true(mt_bucket_put(&bucket, 0x1000, &block));
	assert_int_equal(bucket.address[1], 0x1000);
	mt_bucket_release(&bucket, 0, MT_ADDRESS_NONE);
	assert_true(mt_bucket_put(&bucket, 0x1010, &block));
	assert_int_equal(bucket.address[0], 0x1010);
}

/*
 * malloc's addresses are regular. At as many blocks as a table is for, all must find a place in one of their buckets,
 * and nearly all in their own.
 */
static void fill(uint64_t apart, uint32_t count)
{
	uint32_t number = mt_bucket_count(count), place, choice, spilled = 0;
	uint8_t *held = calloc(number, 1);

	assert_non_null(held);
	for (uint32_t i = 0; i < count; i++) {
		for (choice = 0; choice < MT_BUCKET_CHOICES; choice++) {
			place = mt_bucket_place(0x7f0000000010 + i * apart, 0, choice, number);
			assert_true(place < number);
			if (held[place] < MT_BUCKET_BLOCKS)
				break;
		}
		assert_true(choice < MT_BUCKET_CHOICES);
		held[place]++;
		spilled += choice > 0;
	}
	free(held);
	assert_true(spilled <= count / 20 + 20);
}

static void test_room_for_all(void **state)
{
	static const uint64_t aparts[] = {16, 32, 48, 80, 112, 1040, 4096, 65536, 2 << 20};

	(void)state;
	for (size_t i = 0; i < sizeof(aparts) / sizeof(aparts[0]); i++)
		fill(aparts[i], 1 << 20);
	for (uint32_t count = 1; count < 3000; count++)
		fill(96, count);
}

/* ---- several threads at one bucket */

enum { THREADS = 4, ROUNDS = 200000 };

struct worker {
	pthread_t thread;
	struct mt_bucket *bucket;
	uint32_t process;
	uint64_t put, full, taken, wrong;
};

/* Puts its own blocks and takes them out again: each must still be there, and be what was put. */
static void *put_and_take(void *context)
{
	struct worker *worker = context;
	struct mt_live block, taken;

	for (uint64_t i = 0; i < ROUNDS; i++) {
		uint64_t address = 0x1000 + i % 3 * 16; /* all threads use the same addresses */

		block = block_of(i, worker->process);
		if (!mt_bucket_put(worker->bucket, address, &block)) {
			worker->full++;
			sched_yield();
			continue;
		}
		worker->put++;
		if (!mt_bucket_take(worker->bucket, address, worker->process, &taken))
			continue;
		worker->taken++;
		worker->wrong += memcmp(&taken, &block, sizeof(block)) != 0;
	}
	return NULL;
}

static void test_threads_at_one_bucket(void **state)
{
	struct mt_bucket bucket = {0};
	struct worker workers[THREADS];

	(void)state;
	for (uint32_t i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){.bucket = &bucket, .process = i};
		assert_int_equal(pthread_create(&workers[i].thread, NULL, put_and_take, &workers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
		assert_int_equal(workers[i].put + workers[i].full, ROUNDS);
		assert_int_equal(workers[i].taken, workers[i].put);
		assert_int_equal(workers[i].wrong, 0);
	}
	for (int i = 0; i < MT_BUCKET_BLOCKS; i++)
		assert_int_equal(bucket.address[i], MT_ADDRESS_NONE);
}

/* One block, many takers: a double free. Exactly one gets it. */
static void *take_the_one(void *context)
{
	struct worker *worker = context;
	struct mt_live taken;

	while (__atomic_load_n(&worker->bucket->spilled, __ATOMIC_ACQUIRE) < ROUNDS)
		worker->taken += mt_bucket_take(worker->bucket, 0x1000, 0, &taken);
	return NULL;
}

static void test_a_block_is_taken_once(void **state)
{
	struct mt_bucket bucket = {0};
	struct worker workers[THREADS];
	struct mt_live block = block_of(8, 0);
	uint64_t put = 0, taken = 0;

	(void)state;
	for (int i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){.bucket = &bucket};
		assert_int_equal(pthread_create(&workers[i].thread, NULL, take_the_one, &workers[i]), 0);
	}
	for (int i = 0; i < ROUNDS; i++) {
		put += !mt_bucket_holds(&bucket, 0x1000, 0) && mt_bucket_put(&bucket, 0x1000, &block);
		__atomic_add_fetch(&bucket.spilled, 1, __ATOMIC_RELEASE);
	}
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
		taken += workers[i].taken;
	}
	taken += mt_bucket_holds(&bucket, 0x1000, 0);
	assert_int_equal(taken, put);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put_and_take),
		cmocka_unit_test(test_processes_with_the_same_address),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_claimed),
		cmocka_unit_test(test_room_for_all),
		cmocka_unit_test(test_threads_at_one_bucket),
		cmocka_unit_test(test_a_block_is_taken_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
