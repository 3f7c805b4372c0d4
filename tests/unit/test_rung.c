/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "trace/rung.h"

static void rungs_have_names(void **state)
{
	(void)state;
	assert_string_equal(rung__name(RUNG_SESSION), "session");
	assert_string_equal(rung__name(RUNG_MULTI), "multi");
	assert_string_equal(rung__name(RUNG_PERF), "perf");
}

static void a_rung_is_forced_by_name(void **state)
{
	struct error err = {0};
	enum rung rung;

	(void)state;
	for (int i = 0; i < RUNG_COUNT; i++) {
		setenv("MEMTRAWL_FORCE_RUNG", rung__name((enum rung)i), 1);
		assert_int_equal(rung__forced(&rung, &err), 0);
		assert_int_equal(rung, i);
	}
	setenv("MEMTRAWL_FORCE_RUNG", "", 1);
	assert_int_equal(rung__forced(&rung, &err), 0);
	assert_int_equal(rung, RUNG_COUNT);
	unsetenv("MEMTRAWL_FORCE_RUNG");
	rung = RUNG_PERF;
	assert_int_equal(rung__forced(&rung, &err), 0);
	assert_int_equal(rung, RUNG_COUNT);
}

static void refuse(const char *text, const char *message)
{
	struct error err = {0};
	enum rung rung;

	setenv("MEMTRAWL_FORCE_RUNG", text, 1);
	assert_int_equal(rung__forced(&rung, &err), -EINVAL);
	assert_int_equal(err.status, STATUS_USAGE);
	assert_string_equal(err.text, message);
	unsetenv("MEMTRAWL_FORCE_RUNG");
}

static void other_names_are_refused(void **state)
{
	(void)state;
	refuse("perf ", "MEMTRAWL_FORCE_RUNG is 'perf ': use session, multi or perf");
	refuse("Multi", "MEMTRAWL_FORCE_RUNG is 'Multi': use session, multi or perf");
	refuse("sess", "MEMTRAWL_FORCE_RUNG is 'sess': use session, multi or perf");
	refuse("0", "MEMTRAWL_FORCE_RUNG is '0': use session, multi or perf");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rungs_have_names),
		cmocka_unit_test(a_rung_is_forced_by_name),
		cmocka_unit_test(other_names_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
