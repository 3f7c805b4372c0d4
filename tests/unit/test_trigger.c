/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "profile/trigger.h"

static void test_text(void **unused)
{
	struct profile_trigger trigger, copy;
	char text[192];

	(void)unused;
	assert_int_equal(profile_trigger__parse("rss,524288000,530579456,1795210195123000000", &trigger, NULL), 0);
	assert_string_equal(trigger.kind, "rss");
	assert_int_equal(trigger.level, 524288000);
	assert_int_equal(trigger.value, 530579456);
	assert_int_equal(profile_trigger__copy(&copy, &trigger), 0);
	profile_trigger__free(&trigger);
	assert_string_equal(profile_trigger__format(&copy, text, sizeof(text)),
			    "rss,524288000,530579456,1795210195123000000");
	assert_string_equal(profile_trigger__words(&copy, text, sizeof(text)),
			    "rss came to 506.0 MiB, threshold 500.0 MiB, at 2026-11-20T21:29:55.123Z");
	assert_string_equal(profile_trigger__unit(&copy), "bytes");
	profile_trigger__free(&copy);
}

static void test_growth_and_request(void **unused)
{
	struct profile_trigger trigger;
	char text[192];

	(void)unused;
	assert_int_equal(profile_trigger__parse("growth,1048576,2097152,1795210195123000000", &trigger, NULL), 0);
	assert_string_equal(profile_trigger__words(&trigger, text, sizeof(text)),
			    "growth came to 2.0 MiB/h, threshold 1.0 MiB/h, at 2026-11-20T21:29:55.123Z");
	profile_trigger__free(&trigger);
	assert_int_equal(profile_trigger__parse("request,0,0,0", &trigger, NULL), 0);
	assert_string_equal(profile_trigger__words(&trigger, text, sizeof(text)), "request, at an unknown time");
	profile_trigger__free(&trigger);
}

static void test_bad_text(void **unused)
{
	static const char *const bad[] = {"",
					  "rss",
					  "rss,1",
					  "rss,1,2",
					  "rss,1,2,3,",
					  "rss,1,2,3,4",
					  ",1,2,3",
					  "Rss,1,2,3",
					  "rss,-1,2,3",
					  "rss,1,2,9999999999999999999999999",
					  "averyveryverylongkind,1,2,3"};
	struct profile_trigger trigger;
	struct error err = {0};

	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(profile_trigger__parse(bad[i], &trigger, &err), -EINVAL);
	assert_int_equal(err.status, STATUS_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_growth_and_request),
		cmocka_unit_test(test_bad_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
