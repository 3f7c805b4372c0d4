/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "profile/series_file.h"
#include "scratch.h"

#define HEADER    "a,b\n"
#define SECOND_NS UINT64_C(1000000000)

static struct series_file *make(const char *name, uint64_t limit, uint64_t keep)
{
	const struct series_file_options options = {
		.path = scratch__path(name), .header = HEADER, .limit = limit, .keep = keep};
	struct series_file *file = NULL;
	struct error err = {0};

	if (series_file__new(&options, &file, &err))
		fail_msg("%s", err.text);
	return file;
}

static void expect(const char *name, const char *text)
{
	size_t size;
	unsigned char *data = scratch__read(name, &size);

	assert_int_equal(size, strlen(text));
	assert_memory_equal(data, text, size);
	free(data);
}

static bool exists(const char *name)
{
	return !access(scratch__path(name), F_OK);
}

static void rows_are_there_after_a_second(void **state)
{
	struct series_file *file = make("plain.csv", 0, 0);

	(void)state;
	expect("plain.csv", HEADER);
	series_file__add(file, "1,2\n", 4, 5 * SECOND_NS);
	series_file__add(file, "3,4\n", 4, 6 * SECOND_NS - 1);
	expect("plain.csv", HEADER);
	series_file__tend(file, 6 * SECOND_NS);
	expect("plain.csv", HEADER "1,2\n3,4\n");
	series_file__add(file, "5,6\n", 4, 6 * SECOND_NS);
	series_file__close(file);
	expect("plain.csv", HEADER "1,2\n3,4\n5,6\n");
	assert_int_equal(series_file__state(file)->rows, 3);
	assert_int_equal(series_file__state(file)->bytes, 16);
	assert_int_equal(series_file__state(file)->code, 0);
	series_file__free(file);
}

static void what_was_there_is_replaced(void **state)
{
	(void)state;
	scratch__write("old.csv", "something longer than the header", 32);
	series_file__free(make("old.csv", 0, 0));
	expect("old.csv", HEADER);
}

static void check_row_size(const char *name, uint64_t first, uint64_t count)
{
	char line[65], *at;
	size_t size;
	unsigned char *data = scratch__read(name, &size);

	assert_int_equal(size, strlen(HEADER) + count * 64);
	assert_memory_equal(data, HEADER, strlen(HEADER));
	at = (char *)data + strlen(HEADER);
	for (uint64_t i = 0; i < count; i++) {
		snprintf(line, sizeof(line), "%063llu\n", (unsigned long long)(first + i));
		assert_memory_equal(at + i * 64, line, 64);
	}
	free(data);
}

/* 63 rows of 64 bytes and the header fit into 4096 bytes. */
static void full_files_are_put_aside(void **state)
{
	struct series_file *file;
	char line[65];

	(void)state;
	scratch__write("r.2.csv", "older", 5);
	scratch__write("r.3.csv", "no file of ours", 15);
	file = make("r.csv", 4096, 2);
	assert_false(exists("r.2.csv"));
	for (uint64_t i = 0; i < 63 * 5 + 10; i++) {
		snprintf(line, sizeof(line), "%063llu\n", (unsigned long long)i);
		series_file__add(file, line, 64, 0);
	}
	series_file__close(file);
	check_row_size("r.csv", 315, 10);
	check_row_size("r.1.csv", 252, 63);
	check_row_size("r.2.csv", 189, 63);
	expect("r.3.csv", "no file of ours");
	assert_int_equal(series_file__state(file)->rotations, 5);
	assert_int_equal(series_file__state(file)->rows, 325);
	assert_int_equal(series_file__state(file)->lost_rows, 0);
	series_file__free(file);
}

static void none_are_kept(void **state)
{
	struct series_file *file = make("none", 4096, 0);
	char line[65];

	(void)state;
	for (uint64_t i = 0; i < 64; i++) {
		snprintf(line, sizeof(line), "%063llu\n", (unsigned long long)i);
		series_file__add(file, line, 64, 0);
	}
	series_file__free(file);
	check_row_size("none", 63, 1);
	assert_false(exists("none.1"));
}

static void set_limit(rlim_t bytes)
{
	const struct rlimit limit = {.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A file may not have more than 10 bytes: as on a full disk, a part of a row is taken. Then there is room again. */
static void rows_stay_whole_where_there_is_no_room(void **state)
{
	struct series_file *file = make("full.csv", 0, 0);

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	set_limit(10);
	series_file__add(file, "1,2\n", 4, 0);
	series_file__add(file, "3,4\n", 4, 0);
	series_file__add(file, "5,6\n", 4, 0);
	series_file__tend(file, SECOND_NS);
	expect("full.csv", HEADER "1,2\n");
	assert_int_equal(series_file__state(file)->code, -EFBIG);
	assert_int_equal(series_file__state(file)->rows, 1);
	assert_int_equal(series_file__state(file)->lost_rows, 2);
	set_limit(RLIM_INFINITY);
	series_file__add(file, "7,8\n", 4, SECOND_NS);
	series_file__close(file);
	expect("full.csv", HEADER "1,2\n7,8\n");
	assert_int_equal(series_file__state(file)->rows, 2);
	assert_int_equal(series_file__state(file)->lost_rows, 2);
	assert_int_equal(series_file__state(file)->code, -EFBIG);
	series_file__free(file);
}

static void no_room_for_the_header_is_an_error(void **state)
{
	const struct series_file_options options = {.path = "/dev/full", .header = HEADER};
	const struct series_file_options nowhere = {.path = "/nonexistent/rss.csv", .header = HEADER};
	struct series_file *file = NULL;
	struct error err = {0};

	(void)state;
	assert_int_equal(series_file__new(&options, &file, &err), -ENOSPC);
	assert_string_equal(err.text, "cannot write to /dev/full: no space left on device");
	assert_int_equal(series_file__new(&nowhere, &file, &err), -ENOENT);
	assert_string_equal(err.text, "cannot write to /nonexistent/rss.csv: no such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_there_after_a_second),
		cmocka_unit_test(what_was_there_is_replaced),
		cmocka_unit_test(full_files_are_put_aside),
		cmocka_unit_test(none_are_kept),
		cmocka_unit_test(rows_stay_whole_where_there_is_no_room),
		cmocka_unit_test(no_room_for_the_header_is_an_error),
	};

	return cmocka_run_group_tests(tests, scratch__make, scratch__remove);
}
