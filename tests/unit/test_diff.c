/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "fixture.h"
#include "profile/diff.h"

static void changes_are_absolute_and_relative(void **state)
{
	struct change change;

	(void)state;
	change = change__of(100, 150);
	assert_int_equal(change.absolute, 50);
	assert_true(change.relative == 0.5);
	change = change__of(100, 25);
	assert_int_equal(change.absolute, -75);
	assert_true(change.relative == -0.75);
	change = change__of(0, 7);
	assert_int_equal(change.absolute, 7);
	assert_true(isinf(change.relative) && change.relative > 0);
	change = change__of(0, 0);
	assert_true(change.absolute == 0 && change.relative == 0);
	change = change__of(0, INT64_MAX);
	assert_true(change.absolute == INT64_MAX);
	change = change__of(INT64_MAX, 0);
	assert_true(change.absolute == -INT64_MAX);
}

/* The second profile: as on another host (other addresses, other order), one site gone, one new, one grown. */
static struct profile *other_profile(void)
{
	struct profile *profile = profile__new();
	struct profile_mapping m = {.start = 0x10000, .limit = 0x20000};
	uint32_t main_, leak, fresh;
	struct profile_site *site;

	m.filename = profile__string(profile, "/usr/bin/server");
	m.build_id = profile__string(profile, "aa11");
	profile__add_mapping(profile, &m);
	fresh = profile__add_location(profile, 0, 0x11500, 0x1500);
	leak = profile__add_location(profile, 0, 0x11200, 0x1200);
	main_ = profile__add_location(profile, 0, 0x11100, 0x1100);
	site = profile__add_site(profile, (uint32_t[]){fresh, main_}, 2);
	site->live_bytes = site->alloc_bytes = 100;
	site->live_objects = site->alloc_objects = 2;
	site = profile__add_site(profile, (uint32_t[]){leak, main_}, 2);
	site->live_bytes = 6 << 20;
	site->live_objects = 6144;
	site->alloc_bytes = 7 << 20;
	site->alloc_objects = 7168;
	return profile;
}

static void sites_are_matched_across_hosts(void **state)
{
	struct profile *before = fixture_profile(), *after = other_profile();
	struct diff *diff = diff__new(before, after);
	struct site_change change;

	(void)state;
	assert_int_equal(diff->count, 5);
	assert_null(diff->sites[0].before);
	assert_ptr_equal(diff->sites[0].after, &after->sites[0]);
	assert_ptr_equal(diff->sites[1].before, &before->sites[0]);
	assert_ptr_equal(diff->sites[1].after, &after->sites[1]);
	assert_true(diff->sites[1].id == before->sites[0].id);
	for (size_t i = 2; i < 5; i++) {
		assert_ptr_equal(diff->sites[i].before, &before->sites[i - 1]);
		assert_null(diff->sites[i].after);
		assert_true(diff->sites[i].id == before->sites[i - 1].id);
	}
	change = diff__site_change(&diff->sites[1]);
	assert_int_equal(change.live_bytes.absolute, 3 << 20);
	assert_true(change.live_bytes.relative == 1);
	assert_int_equal(change.live_objects.absolute, 3072);
	assert_int_equal(change.alloc_bytes.absolute, 4 << 20);
	assert_int_equal(change.alloc_objects.absolute, 4096);
	change = diff__site_change(&diff->sites[0]);
	assert_int_equal(change.live_bytes.absolute, 100);
	assert_true(isinf(change.live_bytes.relative));
	change = diff__site_change(&diff->sites[2]);
	assert_int_equal(change.live_objects.absolute, -1000);
	assert_true(change.live_objects.relative == -1);
	diff__free(diff);
	profile__free(before);
	profile__free(after);
}

static void nothing_before_is_all_new(void **state)
{
	struct profile *after = fixture_profile();
	struct diff *diff = diff__new(NULL, after);

	(void)state;
	assert_int_equal(diff->count, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_null(diff->sites[i].before);
		assert_ptr_equal(diff->sites[i].after, &after->sites[i]);
	}
	diff__free(diff);
	diff__free(NULL);
	profile__free(after);
}

/* A profile with the same site twice (not joined): none of them is lost or counted twice. */
static void double_sites_are_kept(void **state)
{
	struct profile *before = fixture_profile(), *after = fixture_profile();
	struct diff *diff;

	(void)state;
	profile__add_site(before, before->sites[0].frames, 2);
	profile__add_site(after, after->sites[0].frames, 2);
	diff = diff__new(before, after);
	assert_int_equal(diff->count, 6);
	assert_ptr_equal(diff->sites[0].before, &before->sites[0]);
	assert_null(diff->sites[4].before);
	assert_ptr_equal(diff->sites[5].before, &before->sites[4]);
	assert_null(diff->sites[5].after);
	diff__free(diff);
	profile__free(before);
	profile__free(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_are_absolute_and_relative),
		cmocka_unit_test(sites_are_matched_across_hosts),
		cmocka_unit_test(nothing_before_is_all_new),
		cmocka_unit_test(double_sites_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
