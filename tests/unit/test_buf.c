/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/utf8.h"

static void bytes_are_appended(void **state)
{
	struct buf buf = {0};
	char *text;

	(void)state;
	assert_null(buf.data);
	buf__add(&buf, "ab\0c", 4);
	buf__add_string(&buf, "de");
	buf__add_format(&buf, "%d-%s", 42, "x");
	assert_int_equal(buf.size, 10);
	assert_memory_equal(buf.data, "ab\0cde42-x", 11);
	assert_false(buf__failed(&buf));
	text = buf__take(&buf);
	assert_memory_equal(text, "ab\0cde42-x", 11);
	assert_null(buf.data);
	assert_int_equal(buf.size, 0);
	free(text);
}

static void empty_buffer_is_an_empty_string(void **state)
{
	struct buf buf = {0};
	char *text;

	(void)state;
	buf__add(&buf, NULL, 0);
	assert_string_equal(buf.data, "");
	buf__free(&buf);
	text = buf__take(&buf);
	assert_string_equal(text, "");
	free(text);
}

static void growth_keeps_what_is_there(void **state)
{
	struct buf buf = {0};

	(void)state;
	for (int i = 0; i < 10000; i++)
		buf__add_format(&buf, "%04d", i);
	assert_int_equal(buf.size, 40000);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(strtol((char[]){buf.data[i * 4], buf.data[i * 4 + 1], buf.data[i * 4 + 2],
						 buf.data[i * 4 + 3], 0},
					NULL, 10),
				 i);
	assert_int_equal(buf.data[40000], 0);
	buf__free(&buf);
}

static void failure_is_remembered(void **state)
{
	struct buf buf = {0};

	(void)state;
	buf__add_string(&buf, "abc");
	buf__add(&buf, "", SIZE_MAX);
	assert_true(buf__failed(&buf));
	buf__add_string(&buf, "def");
	assert_int_equal(buf.size, 3);
	assert_null(buf__take(&buf));
	assert_false(buf__failed(&buf));
}

static void bad_utf8_is_replaced(void **state)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{"plain", "plain"},
		{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
		{"a\xff"
		 "b",
		 "a\xef\xbf\xbd"
		 "b"},
		{"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},                                 /* overlong */
		{"\xe0\x80\xaf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},                 /* overlong */
		{"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},                 /* surrogate */
		{"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* above U+10FFFF */
		{"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"},                                 /* cut short */
		{"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *clean = utf8__clean(cases[i].from);

		assert_string_equal(clean, cases[i].to);
		free(clean);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_appended),         cmocka_unit_test(empty_buffer_is_an_empty_string),
		cmocka_unit_test(growth_keeps_what_is_there), cmocka_unit_test(failure_is_remembered),
		cmocka_unit_test(bad_utf8_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
