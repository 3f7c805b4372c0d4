/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"
#include "lib/hash.h"

static void strings_are_kept_once(void **state)
{
	struct profile *profile = profile__new();
	uint32_t a = profile__string(profile, "a"), b = profile__string(profile, "b");

	(void)state;
	assert_int_equal(a, 0);
	assert_int_equal(b, 1);
	assert_int_equal(profile__string(profile, "a"), 0);
	assert_int_equal(profile__string(profile, NULL), PROFILE_NONE);
	assert_string_equal(profile__text(profile, b, "none"), "b");
	assert_string_equal(profile__text(profile, PROFILE_NONE, "none"), "none");
	for (int i = 0; i < 1000; i++) {
		char text[16];

		snprintf(text, sizeof(text), "s%d", i);
		assert_int_equal(profile__string(profile, text), i + 2);
	}
	assert_int_equal(profile__string(profile, "s500"), 502);
	assert_int_equal(profile->string_count, 1002);
	profile__free(profile);
	profile__free(NULL);
}

/* Two texts with the same hash: the one that is there is taken for what it is. */
static void colliding_strings_are_told_apart(void **state)
{
	struct profile *profile = profile__new();
	uint32_t other;

	(void)state;
	assert_int_equal(profile__string(profile, "other"), 0);
	assert_int_equal(index_map__put(profile->string_index, fnv64_string(FNV64_BASIS, "text"), 0), 0);
	other = profile__string(profile, "text");
	assert_int_equal(other, 1);
	assert_string_equal(profile__text(profile, other, ""), "text");
	assert_int_equal(profile__string(profile, "text"), 1);
	profile__free(profile);
}

static void notes_are_kept_once(void **state)
{
	struct profile *profile = profile__new();
	uint32_t a = profile__add_note(profile, "[truncated]"), b = profile__add_note(profile, "[no unwind info: x]");

	(void)state;
	assert_int_not_equal(a, b);
	assert_int_equal(profile__add_note(profile, "[truncated]"), a);
	assert_int_equal(profile->location_count, 2);
	assert_true(profile__is_note(&profile->locations[a]));
	assert_int_equal(profile->locations[a].mapping, PROFILE_NONE);
	assert_int_equal(profile->locations[a].line_count, 1);
	assert_string_equal(
		profile__text(profile, profile->functions[profile->locations[a].lines[0].function].name, ""),
		"[truncated]");
	profile__free(profile);
}

static void lines_are_replaced(void **state)
{
	struct profile *profile = profile__new();
	uint32_t l = profile__add_location(profile, PROFILE_NONE, 0x1234, 99);
	const struct profile_line two[] = {{PROFILE_NONE, 1}, {PROFILE_NONE, 2}};

	(void)state;
	assert_int_equal(profile->locations[l].offset, 0x1234);
	assert_false(profile__is_note(&profile->locations[l]));
	assert_int_equal(profile__set_lines(profile, l, two, 2), 0);
	assert_int_equal(profile->locations[l].line_count, 2);
	assert_int_equal(profile->locations[l].lines[1].line, 2);
	assert_int_equal(profile__set_lines(profile, l, two + 1, 1), 0);
	assert_int_equal(profile->locations[l].line_count, 1);
	assert_int_equal(profile->locations[l].lines[0].line, 2);
	assert_int_equal(profile__set_lines(profile, l, NULL, 0), 0);
	assert_null(profile->locations[l].lines);
	profile__free(profile);
}

/* Written out once more, as the header defines it. */
static void site_ids_are_as_documented(void **state)
{
	struct profile *profile = fixture_profile();
	uint64_t main_ = fnv64_u64(fnv64_string(FNV64_BASIS, "aa11"), 0x1200), id;

	(void)state;
	main_ = fnv64_u64(fnv64_string(main_, "aa11"), 0x1100);
	assert_true(profile->sites[0].id == main_);
	assert_true(main_ == UINT64_C(0x51d04d1a0a7c2a44)); /* must never change: it is in files */
	id = fnv64_u64(fnv64_string(FNV64_BASIS, "/usr/lib/libgrow.so.1"), 0x2345);
	id = fnv64_string(id, "[truncated]");
	assert_true(profile->sites[3].id == id);
	assert_true(profile__site_id(profile, NULL, 0) == FNV64_BASIS);
	profile__free(profile);
}

/* The same program elsewhere in memory, in another order of everything. */
static void site_ids_do_not_depend_on_the_host(void **state)
{
	struct profile *a = fixture_profile(), *b = profile__new();
	struct profile_mapping m = {.start = 0x550000000000, .limit = 0x550000100000, .offset = 0};
	uint32_t frames[2];

	(void)state;
	profile__string(b, "something else");
	m.filename = profile__string(b, "/opt/other/path");
	m.build_id = profile__string(b, "aa11");
	profile__add_mapping(b, &m);
	frames[1] = profile__add_location(b, 0, 0x550000001100, 0x1100);
	frames[0] = profile__add_location(b, 0, 0x550000001200, 0x1200);
	assert_true(profile__add_site(b, frames, 2)->id == a->sites[0].id);
	assert_true(b->sites[0].oldest_age_seconds < 0);
	profile__free(a);
	profile__free(b);
}

static void equal_sites_are_joined(void **state)
{
	struct profile *profile = fixture_profile();
	struct profile_site *site = profile__add_site(profile, profile->sites[2].frames, 3);
	const struct profile_site *joined;
	uint64_t last;

	(void)state;
	site->alloc_bytes = 1;
	site->alloc_objects = 2;
	site->free_bytes = 3;
	site->free_objects = 4;
	site->live_bytes = 5;
	site->live_objects = 6;
	site->peak_bytes = 7;
	site->temporary_objects = 8;
	site->older_bytes = 9;
	site->live_bytes_stderr = 768;
	site->oldest_age_seconds = 11;
	site = profile__add_site(profile, profile->sites[3].frames, 1);
	site->live_bytes = 10;
	last = site->id;
	assert_int_equal(profile->site_count, 6);
	assert_int_equal(profile__merge_sites(profile), 0);
	assert_int_equal(profile->site_count, 5);
	joined = &profile->sites[2];
	assert_int_equal(joined->alloc_bytes, 98305);
	assert_int_equal(joined->alloc_objects, 14);
	assert_int_equal(joined->free_bytes, 32771);
	assert_int_equal(joined->free_objects, 15);
	assert_int_equal(joined->live_bytes, 65541);
	assert_int_equal(joined->live_objects, 7);
	assert_int_equal(joined->peak_bytes, 7);
	assert_int_equal(joined->temporary_objects, 8);
	assert_int_equal(joined->older_bytes, 65545);
	assert_true(joined->live_bytes_stderr == 1280); /* sqrt(1024^2 + 768^2) */
	assert_true(joined->oldest_age_seconds == 12);
	assert_true(profile->sites[4].id == last);
	assert_int_equal(profile->sites[4].live_bytes, 10);
	assert_int_equal(profile->sites[4].frame_count, 1);
	profile__free(profile);
}

static void losses_have_names(void **state)
{
	(void)state;
	assert_string_equal(profile__loss_name(MT_LOSS_TABLE_FULL), "table_full");
	assert_string_equal(profile__loss_name(MT_LOSS_FORK_UNTRACKED), "fork_untracked");
	assert_string_equal(profile__loss_words(MT_LOSS_STACK_TRUNCATED), "stacks cut at the frame limit");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_are_kept_once),      cmocka_unit_test(colliding_strings_are_told_apart),
		cmocka_unit_test(notes_are_kept_once),        cmocka_unit_test(lines_are_replaced),
		cmocka_unit_test(site_ids_are_as_documented), cmocka_unit_test(site_ids_do_not_depend_on_the_host),
		cmocka_unit_test(equal_sites_are_joined),     cmocka_unit_test(losses_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
