/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of mappings: nothing is put where programs may still read, and no number means two lists to the cache. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "trace/mapping_lists.h"
#include "trace/session.h"

static const uint64_t S = 1000000000; /* a second */

struct fixture {
	struct session session;
	struct mt_session shared;
	struct mapping_lists lists;
};

static int memory_of(size_t size)
{
	int fd = memfd_create("map", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	return fd;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->session.shared = &f->shared;
	f->session.processes = calloc(MT_SLOTS_MAX, sizeof(*f->session.processes));
	assert_non_null(f->session.processes);
	f->session.maps.unwind_mappings = memory_of(MT_UNWIND_MAPPINGS_MAX * sizeof(struct mt_unwind_mapping));
	f->session.maps.unwind_cache = memory_of(sizeof(struct mt_unwind_cache));
	assert_int_equal(mapping_lists__open(&f->lists, &f->session), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	mapping_lists__close(&f->lists);
	close(f->session.maps.unwind_mappings);
	close(f->session.maps.unwind_cache);
	free(f->session.processes);
	free(f);
	return 0;
}

/* Gives the process in the slot a list of `count` mappings, the first of them at `start`; what it has then. */
static uint64_t publish(struct fixture *f, uint32_t slot, uint64_t start, uint32_t count, uint64_t now)
{
	struct mt_unwind_mapping *list = calloc(count, sizeof(*list));

	assert_non_null(list);
	for (uint32_t i = 0; i < count; i++)
		list[i] = (struct mt_unwind_mapping){.start = start + i * 0x1000, .limit = start + (i + 1) * 0x1000};
	assert_int_equal(mapping_lists__publish(&f->lists, slot, list, count, now), 0);
	free(list);
	return f->session.processes[slot].mappings;
}

static void test_places(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(publish(f, 0, 0x10000, 3, S), MT_UNWIND_MAPPINGS(1, 0, 3));
	assert_int_equal(f->lists.mappings[2].start, 0x12000);
	assert_int_equal(publish(f, 1, 0x50000, 2, S), MT_UNWIND_MAPPINGS(2, 3, 2));
	/* the same again */
	assert_int_equal(publish(f, 0, 0x10000, 3, S), MT_UNWIND_MAPPINGS(1, 0, 3));
	/* another one; the old one is left alone for a second */
	assert_int_equal(publish(f, 0, 0x20000, 3, S), MT_UNWIND_MAPPINGS(3, 5, 3));
	assert_int_equal(f->lists.mappings[2].start, 0x12000);
	assert_int_equal(publish(f, 2, 0x20000, 3, 2 * S - 1), MT_UNWIND_MAPPINGS(4, 8, 3));
	assert_int_equal(publish(f, 3, 0x20000, 3, 2 * S), MT_UNWIND_MAPPINGS(5, 0, 3));
}

static void test_full(void **state)
{
	struct mt_unwind_mapping one = {.start = 0x1000, .limit = 0x2000};
	struct fixture *f = *state;

	publish(f, 0, 0x10000, MT_UNWIND_MAPPINGS_MAX, S);
	assert_int_equal(mapping_lists__publish(&f->lists, 1, &one, 1, S), -ENOSPC);
	assert_int_equal(f->session.processes[1].mappings, 0);
	assert_int_equal(f->shared.unwind_lists, 1);
}

/* After the last number all begins anew, with an empty cache, and without the numbers that mean something still. */
static void test_numbers_come_round(void **state)
{
	struct fixture *f = *state;
	uint64_t now = 100 * S;

	publish(f, 0, 0x10000, 1, now);
	publish(f, 1, 0x20000, 1, now);
	publish(f, 2, 0x30000, 1, now);
	publish(f, 2, 0x40000, 1, now); /* 3 is retired, 4 its */
	f->session.processes[2].mappings = 0;
	f->shared.unwind_lists = MT_UNWIND_LISTS_MAX - 1;
	memset(f->lists.cache, 0xff, sizeof(*f->lists.cache));

	now += S / 2;
	assert_int_equal(MT_UNWIND_LIST(publish(f, 3, 0x30000, 1, now)), MT_UNWIND_LISTS_MAX);
	assert_int_equal(f->lists.cache->word[0], ~0ULL);
	assert_int_equal(f->lists.cache->word[MT_UNWIND_CACHE - 1], ~0ULL);
	/* 1 and 2 are in use, programs may be in 3 */
	assert_int_equal(MT_UNWIND_LIST(publish(f, 3, 0x50000, 1, now)), 4);
	for (uint32_t i = 0; i < MT_UNWIND_CACHE; i++)
		assert_int_equal(f->lists.cache->word[i], 0);

	/* and may have put what they found there after the cache was emptied */
	now += 10 * S;
	f->shared.unwind_lists = 2;
	assert_int_equal(MT_UNWIND_LIST(publish(f, 3, 0x60000, 1, now)), 5);
	/* the next time round it is free, as is what was given up long ago */
	now += 10 * S;
	f->session.processes[1].mappings = 0;
	f->shared.unwind_lists = MT_UNWIND_LISTS_MAX;
	assert_int_equal(MT_UNWIND_LIST(publish(f, 3, 0x70000, 1, now)), 2);
	assert_int_equal(MT_UNWIND_LIST(publish(f, 3, 0x80000, 1, now)), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_places, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_numbers_come_round, setup, teardown),
	};

	return cmocka_run_group_tests_name("mapping_lists", tests, NULL, NULL);
}
