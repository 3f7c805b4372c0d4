/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The looks at a process in its file: they come back as they were, and what does not fit is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>

#include "pprof_bytes.h"
#include "profile/pprof.pb-c.h"

static struct profile *fixture_with_looks(void)
{
	struct profile *profile = fixture_profile();

	fixture_look(profile);
	return profile;
}

static void looks_come_back(void **state)
{
	struct profile *a = fixture_with_looks(), *b;
	size_t last = a->site_count - 1;
	struct buf zipped = {0}, again = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(pprof__encode(a, &zipped), 0);
	assert_int_equal(pprof__decode(zipped.data, zipped.size, &b, &err), 0);
	assert_int_equal(b->look_count, 3);
	assert_memory_equal(a->looks, b->looks, 3 * sizeof(*a->looks));
	assert_true(b->looks[1].seconds == 14.75);
	assert_int_equal(b->looks[1].rss.swap_bytes, b->looks[2].rss.swap_bytes + 500);
	for (size_t i = 0; i < last; i++)
		assert_memory_equal(a->sites[i].points, b->sites[i].points, 3 * sizeof(*a->sites[i].points));
	assert_int_equal(b->sites[0].points[2].live_bytes - b->sites[0].points[0].live_bytes, 14);
	assert_null(b->sites[last].points);
	assert_int_equal(b->sites[0].births[23], 529);
	assert_int_equal(b->sites[1].births[23], 0);
	assert_memory_equal(&a->activity, &b->activity, sizeof(a->activity));
	assert_int_equal(b->activity.kinds[MT_ACTIVITY_MADVISE].bytes, 2 << 20);
	assert_int_equal(b->looks[0].obtained_bytes, 0);
	assert_int_equal(b->looks[2].obtained_bytes, 12 << 20);
	assert_int_equal(b->looks[2].released_bytes, 3 << 20);
	assert_int_equal(pprof__encode(b, &again), 0);
	assert_int_equal(again.size, zipped.size);
	assert_memory_equal(again.data, zipped.data, zipped.size);
	profile__free(a);
	profile__free(b);
	buf__free(&zipped);
	buf__free(&again);
}

/* A file without looks has no field of ours. */
static void without_looks_nothing_is_written(void **state)
{
	struct profile *a = fixture_with_looks(), *b;
	struct buf with = {0}, without = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(pprof__encode(a, &with), 0);
	a->look_count = 0;
	assert_int_equal(pprof__encode(a, &without), 0);
	assert_true(without.size < with.size);
	assert_int_equal(pprof__decode(without.data, without.size, &b, &err), 0);
	assert_int_equal(b->look_count, 0);
	assert_null(b->sites[0].points);
	profile__free(a);
	profile__free(b);
	buf__free(&with);
	buf__free(&without);
}

typedef Perftools__Profiles__Profile pb_profile;

static pb_profile *unpacked(void)
{
	struct profile *profile = fixture_with_looks();
	struct buf zipped = {0}, plain = {0};
	pb_profile *pb;

	assert_int_equal(pprof__encode(profile, &zipped), 0);
	assert_int_equal(gzip__expand(zipped.data, zipped.size, SIZE_MAX, &plain), 0);
	pb = perftools__profiles__profile__unpack(NULL, plain.size, (const uint8_t *)plain.data);
	assert_non_null(pb);
	profile__free(profile);
	buf__free(&zipped);
	buf__free(&plain);
	return pb;
}

/* Packs and frees the message, and reads it. */
static int read_back(pb_profile *pb, struct profile **profile, struct error *err)
{
	size_t size = perftools__profiles__profile__get_packed_size(pb);
	uint8_t *packed = malloc(size);
	int code;

	perftools__profiles__profile__pack(pb, packed);
	perftools__profiles__profile__free_unpacked(pb, NULL);
	code = pprof__decode(packed, size, profile, err);
	free(packed);
	return code;
}

static void check_refused(pb_profile *pb)
{
	struct profile *profile;
	struct error err = {0};

	assert_int_equal(read_back(pb, &profile, &err), -EINVAL);
	assert_null(profile);
	assert_string_equal(err.text, "not a valid pprof profile: its looks do not fit its samples");
}

static void looks_that_do_not_fit_are_refused(void **state)
{
	pb_profile *pb;

	(void)state;
	pb = unpacked();
	pb->looks->n_rss_bytes--;
	check_refused(pb);
	pb = unpacked();
	pb->looks->site[0]->n_live_bytes = 2;
	check_refused(pb);
	pb = unpacked();
	pb->looks->n_obtained_bytes = 2;
	check_refused(pb);
	pb = unpacked();
	pb->looks->n_released_bytes = 0;
	check_refused(pb);
	pb = unpacked();
	pb->looks->site[0]->n_alloc_objects = 0;
	check_refused(pb);
	pb = unpacked();
	pb->looks->site[0]->n_births = 23;
	check_refused(pb);
	pb = unpacked();
	pb->looks->site[0]->births[3] = INT64_MAX;
	check_refused(pb);
	pb = unpacked();
	pb->looks->site[0]->live_bytes[1] = INT64_MIN;
	check_refused(pb);
	pb = unpacked();
	pb->looks->seconds[1] = 31;
	check_refused(pb);
	pb = unpacked();
	pb->looks->seconds[2] = NAN;
	check_refused(pb);
	pb = unpacked();
	perftools__profiles__site_looks__free_unpacked(pb->looks->site[--pb->looks->n_site], NULL);
	check_refused(pb);
}

/* Their sum would overflow. */
static void endless_activity_is_refused(void **state)
{
	static const char from[] = "\"brk\":{\"calls\":63,\"bytes\":8388608}";
	pb_profile *pb = unpacked();
	char **comment = &pb->string_table[pb->comment[0]], *at = strstr(*comment, from), *text;
	struct profile *profile;
	struct error err = {0};

	(void)state;
	assert_non_null(at);
	*at = '\0';
	assert_true(asprintf(&text, "%s\"brk\":{\"bytes\":%lld}%s", *comment, (long long)PROFILE_ACTIVITY_BYTES_MAX + 1,
			     at + sizeof(from) - 1) > 0);
	free(*comment);
	*comment = text;
	assert_int_equal(read_back(pb, &profile, &err), -EINVAL);
	assert_non_null(strstr(err.text, "bad \"brk\""));
}

/* As files were before it was looked at what the kernel gave. */
static void looks_may_be_without_activity(void **state)
{
	pb_profile *pb = unpacked();
	struct profile *profile;
	struct error err = {0};

	(void)state;
	pb->looks->n_obtained_bytes = pb->looks->n_released_bytes = 0;
	assert_int_equal(read_back(pb, &profile, &err), 0);
	assert_int_equal(profile->look_count, 3);
	assert_int_equal(profile->looks[2].obtained_bytes, 0);
	profile__free(profile);
}

/* Whose series they are cannot be told any more. */
static void looks_are_left_out_where_samples_are_missing(void **state)
{
	pb_profile *pb = unpacked();
	struct profile *profile;
	struct error err = {0};

	(void)state;
	perftools__profiles__sample__free_unpacked(pb->sample[--pb->n_sample], NULL);
	assert_int_equal(read_back(pb, &profile, &err), 0);
	assert_int_equal(profile->look_count, 0);
	assert_null(profile->sites[0].points);
	profile__free(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(looks_come_back),
		cmocka_unit_test(without_looks_nothing_is_written),
		cmocka_unit_test(looks_that_do_not_fit_are_refused),
		cmocka_unit_test(endless_activity_is_refused),
		cmocka_unit_test(looks_may_be_without_activity),
		cmocka_unit_test(looks_are_left_out_where_samples_are_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
