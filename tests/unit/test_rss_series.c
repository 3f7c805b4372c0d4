/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analyze/rss_series.h"
#include "lib/array.h"

static void lines_are_parsed(void **state)
{
	static const struct {
		const char *line;
		int code;
		struct rss_sample sample;
	} cases[] = {
		{"0.000000,1,2,3,4", 0, {0, 1, 2, 3, 4}},
		{"12.345678,100,200,50,7", 0, {12345678, 100, 200, 50, 7}},
		{"12,1,2,3,4", 0, {12000000, 1, 2, 3, 4}},
		{"12.5,1,2,3,4", 0, {12500000, 1, 2, 3, 4}},
		{"12.1234567899,1,2,3,4", 0, {12123456, 1, 2, 3, 4}},
		{"1,9007199254740992,0,0,0", 0, {1000000, UINT64_C(1) << 53, 0, 0, 0}},
		{"1,9007199254740993,0,0,0", -ERANGE, {0}},
		{"1,99999999999999999999999,0,0,0", -ERANGE, {0}},
		{"9007199255,0,0,0,0", -ERANGE, {0}},
		{"", -EINVAL, {0}},
		{"1", -EINVAL, {0}},
		{"1,2,3,4", -EINVAL, {0}},
		{"1,2,3,4,", -EINVAL, {0}},
		{"1,2,3,4,5,", -EINVAL, {0}},
		{"1,2,3,4,5,6", -EINVAL, {0}},
		{"1,2,3,4,5 ", -EINVAL, {0}},
		{" 1,2,3,4,5", -EINVAL, {0}},
		{"-1,2,3,4,5", -EINVAL, {0}},
		{"1.,2,3,4,5", -EINVAL, {0}},
		{".5,2,3,4,5", -EINVAL, {0}},
		{"1,2.5,3,4,5", -EINVAL, {0}},
		{"1,,3,4,5", -EINVAL, {0}},
		{"1;2;3;4;5", -EINVAL, {0}},
		{"nan,2,3,4,5", -EINVAL, {0}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rss_sample sample = {0};
		int code = rss_series__parse(cases[i].line, strlen(cases[i].line), &sample);

		if (code != cases[i].code || (!code && memcmp(&sample, &cases[i].sample, sizeof(sample)) != 0))
			fail_msg("'%s': %d", cases[i].line, code);
	}
}

static void a_line_is_read_as_it_was_written(void **state)
{
	const struct rss_sample most = {(UINT64_C(1) << 53) / 1000000 * 1000000 + 999999, UINT64_C(1) << 53,
					UINT64_C(1) << 53, UINT64_C(1) << 53, UINT64_C(1) << 53};
	const struct rss_sample one = {10000001, 52396, 53544, 51292, 0};
	struct rss_sample read;
	char line[RSS_SERIES_LINE_MAX];
	size_t size;

	(void)state;
	assert_int_equal(rss_series__format(&one, line), strlen("10.000001,52396,53544,51292,0\n"));
	assert_string_equal(line, "10.000001,52396,53544,51292,0\n");
	size = rss_series__format(&most, line);
	assert_true(size < sizeof(line));
	assert_int_equal(rss_series__parse(line, size - 1, &read), 0);
	assert_memory_equal(&read, &most, sizeof(read));
}

struct seen {
	size_t count;
	struct rss_sample last;
};

static void on_sample(void *cookie, const struct rss_sample *sample)
{
	struct seen *seen = cookie;

	seen->count++;
	seen->last = *sample;
}

static int read_text(const char *text, struct rss_series *series, struct seen *seen, struct error *err)
{
	int fd = memfd_create("series", MFD_CLOEXEC), code;

	memset(seen, 0, sizeof(*seen));
	memset(err, 0, sizeof(*err));
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	code = rss_series__read(fd, "rss.csv", on_sample, seen, series, err);
	close(fd);
	return code;
}

#define HEADER "time_s,vmrss_kb,vmsize_kb,vmdata_kb,vmswap_kb\n"

static void a_series_is_read(void **state)
{
	struct rss_series series;
	struct error err;
	struct seen seen;

	(void)state;
	assert_string_equal(HEADER, RSS_SERIES_HEADER);
	assert_int_equal(
		read_text(HEADER "0.5,10,0,0,0\n1.5,30,0,0,0\n1.5,30,0,0,0\r\n2,20,9,8,7\n", &series, &seen, &err), 0);
	assert_int_equal(seen.count, 4);
	assert_int_equal(series.rows, 4);
	assert_int_equal(series.first_us, 500000);
	assert_int_equal(series.last_us, 2000000);
	assert_int_equal(series.peak.rss_kb, 30);
	assert_int_equal(series.peak.time_us, 1500000);
	assert_false(series.cut);
	assert_int_equal(seen.last.swap_kb, 7);
}

/* The last line could be a whole one by its looks, and yet have lost digits. */
static void a_line_without_end_is_left_out(void **state)
{
	struct rss_series series;
	struct error err;
	struct seen seen;

	(void)state;
	assert_int_equal(read_text(HEADER "0,10,0,0,0\n1,99,0,0,1", &series, &seen, &err), 0);
	assert_int_equal(series.rows, 1);
	assert_int_equal(series.peak.rss_kb, 10);
	assert_true(series.cut);
}

static void damage_is_told_with_its_line(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"", "rss.csv: no recording: it is empty"},
		{"time_s", "rss.csv: no recording: it has no whole line"},
		{HEADER, "rss.csv: a recording without any sample"},
		{HEADER "0,1,2,3", "rss.csv: a recording without any sample"},
		{"0,1,2,3,4\n", "rss.csv: line 1 is not the header of a recording "
				"(time_s,vmrss_kb,vmsize_kb,vmdata_kb,vmswap_kb)"},
		{HEADER "0,1,2,3,4\nx\n", "rss.csv: line 3 is not five numbers separated by commas"},
		{HEADER "0,1,2,3,4\n" HEADER, "rss.csv: line 3 is not five numbers separated by commas"},
		{HEADER "2,1,2,3,4\n1.9,1,2,3,4\n", "rss.csv: line 3 is older than the one before it"},
		{HEADER "0,1,2,3,99999999999999999999\n", "rss.csv: line 2 has a number that is too large"},
	};
	struct rss_series series;
	struct error err;
	struct seen seen;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(read_text(cases[i].text, &series, &seen, &err), -EINVAL);
		assert_string_equal(err.text, cases[i].message);
	}
}

static void a_line_without_any_end_is_no_reason_to_fill_memory(void **state)
{
	static char text[200000];
	struct rss_series series;
	struct error err;
	struct seen seen;

	(void)state;
	memset(text, '1', sizeof(text) - 1);
	memcpy(text, HEADER, strlen(HEADER));
	assert_int_equal(read_text(text, &series, &seen, &err), -EINVAL);
	assert_string_equal(err.text, "rss.csv: line 2 is too long for one of a recording");
}

/* Longer than the reader's buffer. */
static void long_series_are_read_in_pieces(void **state)
{
	int fd = memfd_create("series", MFD_CLOEXEC);
	FILE *file = fdopen(fd, "w");
	struct rss_series series;
	struct error err = {0};
	struct seen seen = {0};

	(void)state;
	fputs(HEADER, file);
	for (int i = 0; i < 20000; i++)
		fprintf(file, "%d.%02d0000,%d,%d,0,0\n", i / 100, i % 100, i == 12345 ? 500000 : i, i);
	fflush(file);
	lseek(fd, 0, SEEK_SET);
	assert_int_equal(rss_series__read(fd, "rss.csv", on_sample, &seen, &series, &err), 0);
	assert_int_equal(series.rows, 20000);
	assert_int_equal(seen.count, 20000);
	assert_int_equal(seen.last.rss_kb, 19999);
	assert_int_equal(series.peak.rss_kb, 500000);
	assert_int_equal(series.peak.time_us, 123450000);
	fclose(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_parsed),
		cmocka_unit_test(a_line_is_read_as_it_was_written),
		cmocka_unit_test(a_series_is_read),
		cmocka_unit_test(a_line_without_end_is_left_out),
		cmocka_unit_test(damage_is_told_with_its_line),
		cmocka_unit_test(a_line_without_any_end_is_no_reason_to_fill_memory),
		cmocka_unit_test(long_series_are_read_in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
