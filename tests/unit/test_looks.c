/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "profile/looks.h"

/* A profile with sites of the notes "[1]" to "[count]", each of which has `base` and its number of bytes. */
static struct profile *profile_of(uint32_t count, uint64_t base)
{
	struct profile *profile = profile__new();
	char note[16];

	for (uint32_t i = 1; i <= count; i++) {
		struct profile_site *site;
		uint32_t frame;

		snprintf(note, sizeof(note), "[%u]", i);
		frame = profile__add_note(profile, note);
		site = profile__add_site(profile, &frame, 1);
		site->live_bytes = base + i;
		site->live_objects = 1;
		site->alloc_bytes = 2 * (base + i);
		site->alloc_objects = 2;
	}
	profile__sum_sites(profile);
	profile->rss.current_bytes = 1000 * base;
	profile->loss[MT_LOSS_FREE_UNMATCHED] = base / 10;
	return profile;
}

static void look(struct looks *looks, uint32_t sites, uint64_t base, double seconds)
{
	struct profile *profile = profile_of(sites, base);

	assert_int_equal(looks__add(looks, profile, seconds), 0);
	profile__free(profile);
}

static void points_are_those_of_their_site(void **state)
{
	struct looks *looks = looks__new();
	struct profile *profile = profile_of(3, 300);

	(void)state;
	look(looks, 1, 100, 0);
	look(looks, 2, 200, 0.5);
	look(looks, 2, 300, 1);
	assert_int_equal(looks__give(looks, profile), 0);
	assert_int_equal(profile->look_count, 3);
	assert_true(profile->looks[1].seconds == 0.5);
	assert_int_equal(profile->looks[1].rss.current_bytes, 200000);
	assert_int_equal(profile->looks[1].unmatched_frees, 20);
	assert_int_equal(profile->looks[1].heap.live_bytes, 403);
	assert_int_equal(profile->looks[1].heap.alloc_objects, 4);
	assert_int_equal(profile->sites[0].points[0].live_bytes, 101);
	assert_int_equal(profile->sites[0].points[2].alloc_bytes, 602);
	/* it was not there at the first look */
	assert_int_equal(profile->sites[1].points[0].alloc_objects, 0);
	assert_int_equal(profile->sites[1].points[1].live_bytes, 202);
	assert_int_equal(profile->sites[1].points[2].live_objects, 1);
	assert_null(profile->sites[2].points); /* it came after the last */
	profile__free(profile);
	looks__free(looks);
}

static void a_site_that_is_gone_has_nothing(void **state)
{
	struct looks *looks = looks__new();
	struct profile *profile = profile_of(2, 100);

	(void)state;
	look(looks, 2, 100, 0);
	look(looks, 1, 100, 1);
	assert_int_equal(looks__give(looks, profile), 0);
	assert_int_equal(profile->sites[1].points[0].live_bytes, 102);
	assert_int_equal(profile->sites[1].points[1].live_bytes, 0);
	profile__free(profile);
	looks__free(looks);
}

/* A week of looks, one a minute: what is kept is closer together the younger it is, and both ends are there. */
static void they_thin_out_towards_the_past(void **state)
{
	enum { WEEK = 7 * 24 * 60 };
	struct looks *looks = looks__new();
	struct profile *profile = profile_of(1, WEEK);
	double last = WEEK * 60.0;

	(void)state;
	for (uint64_t i = 0; i <= WEEK; i++)
		look(looks, 1, i, (double)i * 60);
	assert_int_equal(looks__give(looks, profile), 0);
	assert_int_equal(profile->look_count, LOOKS_MAX);
	assert_true(profile->looks[0].seconds == 0);
	assert_true(profile->looks[LOOKS_MAX - 1].seconds == last);
	assert_true(profile->looks[LOOKS_MAX - 2].seconds == last - 60);
	for (int i = 0; i + 1 < LOOKS_MAX; i++) {
		double at = profile->looks[i].seconds, gap = profile->looks[i + 1].seconds - at;

		assert_int_equal(profile->sites[0].points[i].live_bytes, (uint64_t)(at / 60) + 1);
		assert_true(gap > 0);
		/* 64 looks over a range of 10,080: a fifth more from one to the next would be even */
		assert_true(gap <= 60 || gap <= 0.5 * (last - at));
	}
	profile__free(profile);
	looks__free(looks);
}

/* As when one process goes on with what another one left. */
static void looks_that_were_given_are_taken_back(void **state)
{
	struct looks *first = looks__new(), *second = looks__new();
	struct profile *between = profile_of(2, 200), *profile = profile_of(3, 300);

	(void)state;
	look(first, 1, 100, 0);
	look(first, 2, 200, 0.5);
	assert_int_equal(looks__give(first, between), 0);
	assert_int_equal(looks__take(second, between, 0.75), 0);
	look(second, 3, 300, 1);
	assert_int_equal(looks__give(second, profile), 0);
	assert_int_equal(profile->look_count, 3);
	assert_true(profile->looks[0].seconds == 0 && profile->looks[1].seconds == 0.5);
	assert_int_equal(profile->looks[1].rss.current_bytes, 200000);
	assert_int_equal(profile->sites[0].points[0].live_bytes, 101);
	assert_int_equal(profile->sites[1].points[0].live_bytes, 0);
	assert_int_equal(profile->sites[1].points[1].alloc_bytes, 404);
	assert_int_equal(profile->sites[2].points[1].live_objects, 0);
	assert_int_equal(profile->sites[2].points[2].live_bytes, 303);
	profile__free(between);
	profile__free(profile);
	looks__free(first);
	looks__free(second);
}

/* Somebody else may have looked after a profile was read: its own look is the last nevertheless. */
static void looks_are_in_order_whoever_took_them(void **state)
{
	struct looks *first = looks__new(), *second = looks__new();
	struct profile *other = profile_of(2, 200), *profile = profile_of(2, 300);

	(void)state;
	look(first, 1, 100, 0);
	look(first, 2, 200, 0.5);
	look(first, 2, 200, 1);
	assert_int_equal(looks__give(first, other), 0);
	assert_int_equal(looks__take(second, other, 0.5), 0);
	look(second, 2, 300, 0.5);
	look(second, 2, 999, 0.5); /* not later: none */
	look(second, 2, 999, 0.25);
	assert_int_equal(looks__give(second, profile), 0);
	assert_int_equal(profile->look_count, 2);
	assert_true(profile->looks[1].seconds == 0.5);
	assert_int_equal(profile->sites[0].points[1].live_bytes, 301);
	profile__free(other);
	profile__free(profile);
	looks__free(first);
	looks__free(second);
}

static void nothing_to_give_changes_nothing(void **state)
{
	struct looks *looks = looks__new();
	struct profile *profile = profile_of(1, 1);

	(void)state;
	assert_int_equal(looks__give(looks, profile), 0);
	assert_int_equal(profile->look_count, 0);
	assert_null(profile->sites[0].points);
	profile__free(profile);
	looks__free(looks);
	looks__free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(points_are_those_of_their_site),
		cmocka_unit_test(a_site_that_is_gone_has_nothing),
		cmocka_unit_test(they_thin_out_towards_the_past),
		cmocka_unit_test(looks_that_were_given_are_taken_back),
		cmocka_unit_test(looks_are_in_order_whoever_took_them),
		cmocka_unit_test(nothing_to_give_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
