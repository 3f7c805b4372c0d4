/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"
#include "profile/since.h"

/* A site of one place, at an offset that names it. */
static struct profile_site *add_site(struct profile *profile, uint64_t offset)
{
	uint32_t location = fixture_location(profile, 0, offset, PROFILE_NONE, 0);

	return profile__add_site(profile, &location, 1);
}

static struct profile *new_profile(int64_t start_ns, int64_t end_ns)
{
	struct profile *profile = profile__new();
	struct profile_mapping m = {.start = 0x1000, .limit = 0x9000, .build_id = PROFILE_NONE};

	assert_non_null(profile);
	m.filename = profile__string(profile, "/usr/bin/server");
	profile__add_mapping(profile, &m);
	profile->start_ns = start_ns;
	profile->end_ns = end_ns;
	profile->seconds = (double)(end_ns - start_ns) / 1e9;
	return profile;
}

static void set(struct profile_site *site, uint64_t allocated, uint64_t live, uint64_t temporary)
{
	site->alloc_objects = allocated;
	site->alloc_bytes = allocated * 100;
	site->live_objects = live;
	site->live_bytes = live * 100;
	site->free_objects = allocated - live;
	site->free_bytes = (allocated - live) * 100;
	site->temporary_objects = temporary;
}

static void check(const struct profile_site *site, uint64_t allocated, uint64_t freed, uint64_t live,
		  uint64_t temporary)
{
	assert_int_equal(site->alloc_objects, allocated);
	assert_int_equal(site->alloc_bytes, allocated * 100);
	assert_int_equal(site->free_objects, freed);
	assert_int_equal(site->free_bytes, freed * 100);
	assert_int_equal(site->live_objects, live);
	assert_int_equal(site->live_bytes, live * 100);
	assert_int_equal(site->temporary_objects, temporary);
}

static void what_came_in_between_stays(void **state)
{
	struct profile *before = new_profile(1000000000, 3000000000), *after = new_profile(1000000000, 13500000000);

	(void)state;
	set(add_site(before, 0x10), 50, 20, 5);
	set(add_site(before, 0x20), 7, 7, 0);
	set(add_site(before, 0x30), 9, 0, 9); /* not in the later one: nothing to subtract it from */
	/* in another order; live blocks are those that came in between */
	set(add_site(after, 0x20), 7, 0, 0);
	set(add_site(after, 0x40), 30, 10, 4);
	set(add_site(after, 0x10), 80, 12, 6);
	after->totals = (struct profile_totals){.live_bytes = 99, .peak_live_bytes = 12345, .peak_time_ns = 2000000000};
	assert_int_equal(profile__since(after, before), 0);
	check(&after->sites[0], 0, 0, 0, 0);
	check(&after->sites[1], 30, 20, 10, 4);
	check(&after->sites[2], 30, 18, 12, 1);
	assert_int_equal(after->site_count, 3);
	assert_int_equal(after->totals.alloc_objects, 60);
	assert_int_equal(after->totals.alloc_bytes, 6000);
	assert_int_equal(after->totals.free_objects, 38);
	assert_int_equal(after->totals.free_bytes, 3800);
	assert_int_equal(after->totals.live_objects, 22);
	assert_int_equal(after->totals.live_bytes, 2200);
	assert_int_equal(after->totals.temporary_objects, 5);
	assert_int_equal(after->totals.peak_live_bytes, 12345); /* the session's */
	assert_int_equal(after->totals.peak_time_ns, 2000000000);
	assert_int_equal(after->start_ns, 3000000000);
	assert_int_equal(after->end_ns, 13500000000);
	assert_true(after->seconds == 10.5);
	profile__free(before);
	profile__free(after);
}

static void mapped_memory_too(void **state)
{
	struct profile *before = new_profile(0, 1), *after = new_profile(0, 2);
	uint32_t place = fixture_location(before, 0, 0x10, PROFILE_NONE, 0);

	(void)state;
	assert_int_equal(fixture_location(after, 0, 0x10, PROFILE_NONE, 0), place);
	set(profile__add_mapped(before, &place, 1), 10, 4, 0);
	set(profile__add_mapped(after, &place, 1), 16, 5, 0);
	assert_int_equal(profile__since(after, before), 0);
	check(&after->mapped[0], 6, 1, 5, 0);
	assert_int_equal(after->mapped_totals.alloc_bytes, 600);
	assert_int_equal(after->mapped_totals.live_objects, 5);
	assert_int_equal(after->totals.alloc_bytes, 0);
	profile__free(before);
	profile__free(after);
}

static void losses_and_sizes_are_those_in_between(void **state)
{
	struct profile *before = new_profile(0, 1), *after = new_profile(0, 2);

	(void)state;
	for (int i = 0; i < MT_LOSS_MAX; i++) {
		before->loss[i] = 10;
		after->loss[i] = 10 + (uint64_t)i;
	}
	for (int i = 0; i < PROFILE_SIZE_BUCKETS; i++) {
		before->size_objects[i] = 100;
		after->size_objects[i] = 100 + 2 * (uint64_t)i;
	}
	assert_int_equal(profile__since(after, before), 0);
	for (int i = 0; i < MT_LOSS_MAX; i++)
		assert_int_equal(after->loss[i], i);
	for (int i = 0; i < PROFILE_SIZE_BUCKETS; i++)
		assert_int_equal(after->size_objects[i], 2 * i);
	profile__free(before);
	profile__free(after);
}

/* Counters are read one after the other while they run: none may go below zero, which would be 2^64. */
static void nothing_goes_below_zero(void **state)
{
	struct profile *before = new_profile(0, 1), *after = new_profile(0, 2);

	(void)state;
	set(add_site(before, 0x10), 10, 0, 3);
	set(add_site(after, 0x10), 9, 2, 2);
	before->loss[MT_LOSS_TABLE_FULL] = 2;
	after->loss[MT_LOSS_TABLE_FULL] = 1;
	before->size_objects[3] = 2;
	assert_int_equal(profile__since(after, before), 0);
	check(&after->sites[0], 0, 0, 2, 0);
	assert_int_equal(after->loss[MT_LOSS_TABLE_FULL], 0);
	assert_int_equal(after->size_objects[3], 0);
	profile__free(before);
	profile__free(after);
}

static void empty_profiles_are_fine(void **state)
{
	struct profile *before = new_profile(0, 1), *after = new_profile(0, 1);

	(void)state;
	assert_int_equal(profile__since(after, before), 0);
	assert_int_equal(after->totals.alloc_bytes, 0);
	assert_true(after->seconds == 0);
	profile__free(before);
	profile__free(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_came_in_between_stays),
		cmocka_unit_test(mapped_memory_too),
		cmocka_unit_test(losses_and_sizes_are_those_in_between),
		cmocka_unit_test(nothing_goes_below_zero),
		cmocka_unit_test(empty_profiles_are_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
