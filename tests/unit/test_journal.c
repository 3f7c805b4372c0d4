/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "scratch.h"
#include "watch/journal.h"

static char path[256], moved[260];

static int make(void **state)
{
	int code = scratch__make(state);

	scratch__format(path, sizeof(path), "%s", scratch__path("journal"));
	scratch__format(moved, sizeof(moved), "%s.1", path);
	return code;
}

static json_t *last_line(const char *file)
{
	FILE *from = fopen(file, "r");
	char line[1024] = "";
	json_t *json = NULL;

	assert_non_null(from);
	while (fgets(line, sizeof(line), from)) {
		json_decref(json);
		json = json_loads(line, 0, NULL);
	}
	fclose(from);
	return json;
}

static void test_line(void **state)
{
	struct journal journal = {.path = path};
	json_t *line;

	(void)state;
	journal__write(&journal, "capture", json_pack("{si}", "pid", 812), "PID %d \033[2J", 812);
	line = last_line(path);
	assert_string_equal(json_string_value(json_object_get(line, "event")), "capture");
	assert_int_equal(json_integer_value(json_object_get(line, "pid")), 812);
	assert_int_equal(strlen(json_string_value(json_object_get(line, "time"))), 24);
	json_decref(line);
	assert_int_equal(journal.lost, 0);
}

/* A file that has come to its largest size is moved, after the line that made it so. */
static void test_moved(void **state)
{
	struct journal journal = {.path = path};
	json_t *line;

	(void)state;
	journal__write(&journal, "first", NULL, "first");
	assert_int_equal(truncate(path, JOURNAL_SIZE_MAX), 0);
	journal__write(&journal, "second", NULL, "second");
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(access(moved, F_OK), 0);
	journal__write(&journal, "third", NULL, "third");
	line = last_line(path);
	assert_string_equal(json_string_value(json_object_get(line, "event")), "third");
	json_decref(line);
}

/* What cannot be written is counted, and writing goes on when it can. */
static void test_lost(void **state)
{
	struct journal journal = {.path = path};

	(void)state;
	assert_int_equal(mkdir(path, 0700), 0);
	journal__write(&journal, "first", NULL, "first");
	journal__write(&journal, "second", NULL, "second");
	assert_int_equal(journal.lost, 2);
	assert_int_equal(rmdir(path), 0);
	journal__write(&journal, "third", NULL, "third");
	assert_int_equal(journal.lost, 2);
	assert_int_equal(journal.failing, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_line, make, scratch__remove),
		cmocka_unit_test_setup_teardown(test_moved, make, scratch__remove),
		cmocka_unit_test_setup_teardown(test_lost, make, scratch__remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
