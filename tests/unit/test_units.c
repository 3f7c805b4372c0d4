/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>

#include "lib/array.h"
#include "lib/units.h"

static void sizes_are_parsed(void **state)
{
	static const struct {
		const char *text;
		int err;
		uint64_t bytes;
	} cases[] = {
		{"4096", 0, 4096},
		{"0", 0, 0},
		{"512K", 0, 512 << 10},
		{"512k", 0, 512 << 10},
		{"512KB", 0, 512 << 10},
		{"512KiB", 0, 512 << 10},
		{"512kib", 0, 512 << 10},
		{"1.5MiB", 0, 3 << 19},
		{"2g", 0, UINT64_C(2) << 30},
		{"3T", 0, UINT64_C(3) << 40},
		{"0.1K", 0, 102},
		{"1.0000000000000000000000001K", 0, 1024},
		{"8388607.99999999999T", 0, INT64_MAX - 10},
		{"9223372036854775807", 0, INT64_MAX},
		{"9223372036854775808", -ERANGE, 0},
		{"8388608T", -ERANGE, 0},
		{"99999999999999999999999", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"+1", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"1 ", -EINVAL, 0},
		{"1 K", -EINVAL, 0},
		{"1.5", -EINVAL, 0},
		{".5K", -EINVAL, 0},
		{"5.K", -EINVAL, 0},
		{"1P", -EINVAL, 0},
		{"1Ki", -EINVAL, 0},
		{"1KiBs", -EINVAL, 0},
		{"K", -EINVAL, 0},
		{"0x10", -EINVAL, 0},
		{"1e3", -EINVAL, 0},
		{"inf", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t bytes = 77;
		int err = units__parse_size(cases[i].text, &bytes);

		if (err != cases[i].err || (!err && bytes != cases[i].bytes))
			fail_msg("'%s': %d, %llu", cases[i].text, err, (unsigned long long)bytes);
		if (err)
			assert_int_equal(bytes, 77);
	}
}

static void durations_are_parsed(void **state)
{
	static const struct {
		const char *text;
		int err;
		uint64_t ns;
	} cases[] = {
		{"250ms", 0, 250000000},
		{"30s", 0, 30000000000},
		{"30", 0, 30000000000},
		{"0.5", 0, 500000000},
		{"5m", 0, 300000000000},
		{"2h", 0, 7200000000000},
		{"1.5d", 0, 129600000000000},
		{"1.0000000005s", 0, 1000000000},
		{"9223372036s", 0, 9223372036000000000},
		{"9223372037s", -ERANGE, 0},
		{"1000000d", -ERANGE, 0},
		{"1us", -EINVAL, 0},
		{"1h30m", -EINVAL, 0},
		{"-1s", -EINVAL, 0},
		{"s", -EINVAL, 0},
		{"", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t ns = 0;
		int err = units__parse_duration(cases[i].text, &ns);

		if (err != cases[i].err || (!err && ns != cases[i].ns))
			fail_msg("'%s': %d, %llu", cases[i].text, err, (unsigned long long)ns);
	}
}

static void counts_are_parsed(void **state)
{
	uint64_t count = 5;

	(void)state;
	assert_int_equal(units__parse_count("10", 10, 20, &count), 0);
	assert_int_equal(count, 10);
	assert_int_equal(units__parse_count("20", 10, 20, &count), 0);
	assert_int_equal(count, 20);
	assert_int_equal(units__parse_count("18446744073709551615", 0, UINT64_MAX, &count), 0);
	assert_true(count == UINT64_MAX);
	assert_int_equal(units__parse_count("18446744073709551616", 0, UINT64_MAX, &count), -ERANGE);
	assert_int_equal(units__parse_count("9", 10, 20, &count), -ERANGE);
	assert_int_equal(units__parse_count("21", 10, 20, &count), -ERANGE);
	assert_int_equal(units__parse_count("11.0", 10, 20, &count), -EINVAL);
	assert_int_equal(units__parse_count("11x", 10, 20, &count), -EINVAL);
	assert_int_equal(units__parse_count("-11", 10, 20, &count), -EINVAL);
	assert_int_equal(units__parse_count("", 0, 20, &count), -EINVAL);
}

static void bytes_are_formatted(void **state)
{
	static const struct {
		double bytes;
		const char *text;
	} cases[] = {
		{0, "0 B"},
		{-0.2, "0 B"},
		{512, "512 B"},
		{1023, "1023 B"},
		{1023.6, "1.0 KiB"},
		{1024, "1.0 KiB"},
		{1536, "1.5 KiB"},
		{-1536, "-1.5 KiB"},
		{1048575, "1.0 MiB"},
		{1047552, "1023.0 KiB"},
		{3.2 * 1073741824, "3.2 GiB"},
		{9223372036854775807.0, "8.0 EiB"},
	};
	char text[32], small[4];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(units__format_bytes(text, sizeof(text), cases[i].bytes), cases[i].text);
	assert_string_equal(units__format_bytes(small, sizeof(small), 123456), "120");
}

static void bytes_are_formatted_for_tables(void **state)
{
	static const struct {
		double bytes;
		const char *text;
	} cases[] = {
		{0, "0"},
		{-0.2, "0"},
		{1023, "1023"},
		{1023.6, "1.0K"},
		{1536, "1.5K"},
		{-1536, "-1.5K"},
		{102348, "99.9K"},
		{102400, "100K"},
		{1048063, "1023K"},
		{1048065, "1.0M"},
		{3.2 * 1073741824, "3.2G"},
		{9223372036854775807.0, "8.0E"},
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(units__format_short(text, sizeof(text), cases[i].bytes), cases[i].text);
}

static void seconds_are_formatted(void **state)
{
	static const struct {
		double seconds;
		const char *text;
	} cases[] = {
		{0, "0 ms"},        {0.25, "250 ms"},  {0.9994, "999 ms"}, {0.9999, "1.0 s"}, {12.5, "12.5 s"},
		{59.94, "59.9 s"},  {59.96, "1m00s"},  {200, "3m20s"},     {3599.6, "1h00m"}, {18120, "5h02m"},
		{86399.9, "1d00h"}, {273600, "3d04h"}, {-1.5, "-1.5 s"},   {INFINITY, "?"},   {NAN, "?"},
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(units__format_seconds(text, sizeof(text), cases[i].seconds), cases[i].text);
}

static void times_are_formatted(void **state)
{
	char text[40];

	(void)state;
	assert_string_equal(units__format_time(text, sizeof(text), 1795210195123999999), "2026-11-20T21:29:55.123Z");
	assert_string_equal(units__format_time(text, sizeof(text), 0), "1970-01-01T00:00:00.000Z");
	assert_string_equal(units__format_time(text, sizeof(text), -1), "1969-12-31T23:59:59.999Z");
	assert_string_equal(units__format_time(text, sizeof(text), -1000000000), "1969-12-31T23:59:59.000Z");
	assert_string_equal(units__format_time(text, sizeof(text), INT64_MAX), "2262-04-11T23:47:16.854Z");
	assert_string_equal(units__format_time(text, sizeof(text), INT64_MIN), "1677-09-21T00:12:43.145Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_parsed),
		cmocka_unit_test(durations_are_parsed),
		cmocka_unit_test(counts_are_parsed),
		cmocka_unit_test(bytes_are_formatted),
		cmocka_unit_test(seconds_are_formatted),
		cmocka_unit_test(times_are_formatted),
		cmocka_unit_test(bytes_are_formatted_for_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
