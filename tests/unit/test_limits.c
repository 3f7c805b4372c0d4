/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "lib/array.h"
#include "scratch.h"
#include "target/cgroup.h"
#include "target/limits.h"
#include "target/nearest_limit.h"

static void limits_are_parsed(void **state)
{
	static const struct {
		const char *text;
		int code;
		uint64_t bytes;
	} cases[] = {
		{"536870912\n", 0, 536870912},
		{"0\n", 0, 0},
		{"max\n", 0, 0},
		{"9223372036854771712\n", 0, 0}, /* version 1, pages of 4 KiB */
		{"9223372036854710272\n", 0, 0}, /* of 64 KiB */
		{"4611686018427387903\n", 0, 4611686018427387903},
		{"", -EINVAL, 0},
		{"-1\n", -EINVAL, 0},
		{"none\n", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t bytes = 42;

		assert_int_equal(limits__parse_limit(cases[i].text, &bytes), cases[i].code);
		assert_int_equal(bytes, cases[i].bytes);
	}
}

static void words_are_found(void **state)
{
	static const char text[] = "MemTotal:       24683656 kB\nMemFree:        100 kB\nMemAvailable:   23601 kB\n"
				   "inactive_file 1\ntotal_inactive_file 4096\ncut";

	(void)state;
	assert_int_equal(limits__parse_word(text, "MemTotal"), 24683656);
	assert_int_equal(limits__parse_word(text, "MemAvailable"), 23601);
	assert_int_equal(limits__parse_word(text, "total_inactive_file"), 4096);
	assert_int_equal(limits__parse_word(text, "inactive_file"), 1);
	assert_int_equal(limits__parse_word(text, "Mem"), 0);
	assert_int_equal(limits__parse_word(text, "cut"), 0);
}

static void check_path(const char *text, const char *controller, const char *expected)
{
	size_t length = 0;
	const char *path = cgroup__path_in(text, controller, &length);

	if (!expected) {
		assert_null(path);
		return;
	}
	assert_non_null(path);
	assert_int_equal(length, strlen(expected));
	assert_memory_equal(path, expected, length);
}

static void places_are_found(void **state)
{
	static const char v1[] = "9:name=memory:/named\n5:cpu,cpuacct:/c\n4:pids,memory:/web:1/a b\n0::/\n";

	(void)state;
	check_path(v1, "memory", "/web:1/a b");
	check_path(v1, "cpuacct", "/c");
	check_path(v1, NULL, "/");
	check_path("0::/user.slice/x.scope", NULL, "/user.slice/x.scope");
	check_path("0::/user.slice\n", "memory", NULL);
	check_path("4:memory:/a\n", NULL, NULL);
	check_path("", NULL, NULL);
	check_path("nonsense\n:\n", "memory", NULL);
}

/* ---- folders that look like /proc and /sys/fs/cgroup */

static void write_text(const char *name, const char *text)
{
	scratch__write(name, text, strlen(text));
}

static uint64_t inode(const char *name)
{
	struct stat st;

	assert_int_equal(stat(scratch__path(name), &st), 0);
	return st.st_ino;
}

static void write_mounts(const char *type, const char *root, const char *options)
{
	char text[2048];

	scratch__format(text, sizeof(text),
			"31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
			"32 31 0:29 / %s/cpu rw - cgroup cgroup rw,cpu\n"
			"35 31 0:32 %s %s/m rw,relatime - %s cgroup %s\n",
			scratch_folder, root, scratch_folder, type, options);
	write_text("proc/self/mountinfo", text);
}

static struct limits *open_limits(void)
{
	struct limits *limits = NULL;
	struct error err = {0};

	assert_int_equal(limits__new(scratch__path("proc"), &limits, &err), 0);
	limits__begin_look(limits);
	return limits;
}

static const struct limits_cgroup *cgroup(struct limits *limits, int index)
{
	size_t count;
	const struct limits_cgroup *cgroups = limits__cgroups(limits, &count);

	assert_in_range(index, 0, count - 1);
	return &cgroups[index];
}

static void version_1_is_read(void **state)
{
	uint64_t total, available;
	struct limits *limits;
	int b, a;

	(void)state;
	scratch__run("rm -rf m proc; mkdir -p m/web/b proc/self proc/7");
	write_mounts("cgroup", "/", "rw,memory");
	write_text("proc/7/cgroup", "5:cpu:/other\n4:memory:/web/b\n0::/\n");
	write_text("proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 400 kB\n");
	write_text("m/memory.limit_in_bytes", "9223372036854771712\n");
	write_text("m/web/memory.limit_in_bytes", "1000000\n");
	write_text("m/web/memory.usage_in_bytes", "600000\n");
	write_text("m/web/memory.stat", "inactive_file 5\ntotal_inactive_file 100000\n");
	write_text("m/web/b/memory.limit_in_bytes", "9223372036854771712\n");
	write_text("m/web/b/memory.usage_in_bytes", "300000\n");
	limits = open_limits();
	b = limits__find(limits, inode("m/web/b"), 7);
	assert_string_equal(cgroup(limits, b)->path, "/web/b");
	assert_int_equal(cgroup(limits, b)->limit_bytes, 0);
	assert_int_equal(cgroup(limits, b)->used_bytes, 0); /* nothing to compare it to */
	a = cgroup(limits, b)->parent;
	assert_true(a < b);
	assert_string_equal(cgroup(limits, a)->path, "/web");
	assert_int_equal(cgroup(limits, a)->limit_bytes, 1000000);
	assert_int_equal(cgroup(limits, a)->used_bytes, 500000);
	assert_string_equal(cgroup(limits, cgroup(limits, a)->parent)->path, "/");
	assert_int_equal(cgroup(limits, cgroup(limits, a)->parent)->parent, LIMITS_NONE);
	assert_int_equal(limits__machine(limits, &total, &available), 0);
	assert_int_equal(total, 1024000);
	assert_int_equal(available, 409600);
	limits__free(limits);
}

static void figures_are_read_anew_at_each_look(void **state)
{
	struct limits *limits;
	int web;

	(void)state;
	limits = open_limits();
	web = limits__find(limits, inode("m/web"), 7); /* above the one that the process is in */
	assert_string_equal(cgroup(limits, web)->path, "/web");
	write_text("m/web/memory.usage_in_bytes", "700000\n");
	assert_int_equal(limits__find(limits, inode("m/web"), 9999), web); /* known: nobody is asked */
	assert_int_equal(cgroup(limits, web)->used_bytes, 500000);
	limits__begin_look(limits);
	assert_int_equal(limits__find(limits, inode("m/web"), 9999), web);
	assert_int_equal(cgroup(limits, web)->used_bytes, 600000);
	limits__free(limits);
}

static void check_nearest(uint64_t limit, uint64_t used, const char *path)
{
	struct nearest_limit nearest = nearest_limit__of(scratch__path("proc"), 7);

	assert_int_equal(nearest.limit_bytes, limit);
	assert_int_equal(nearest.used_bytes, used);
	if (path)
		assert_string_equal(nearest.cgroup, path);
	else
		assert_null(nearest.cgroup);
	free(nearest.cgroup);
}

/* Of the folders that version_1_is_read() made. */
static void the_nearest_is_that_with_least_room(void **state)
{
	(void)state;
	write_text("m/web/memory.usage_in_bytes", "600000\n");
	check_nearest(1024000, 614400, NULL); /* the machine has 409,600 bytes left, the cgroup 500,000 */
	write_text("m/web/memory.usage_in_bytes", "700000\n");
	check_nearest(1000000, 600000, "/web");
	write_text("m/web/b/memory.limit_in_bytes", "310000\n");
	write_text("m/web/b/memory.stat", "total_inactive_file 0\n");
	check_nearest(310000, 300000, "/web/b");
	write_text("m/web/b/memory.limit_in_bytes", "9223372036854771712\n");
	write_text("proc/meminfo", "");
	check_nearest(1000000, 600000, "/web");
	write_text("proc/7/cgroup", "5:cpu:/other\n");
	check_nearest(0, 0, NULL);
}

/* The process is in a cgroup to which the controller does not reach down. */
static void version_2_is_read(void **state)
{
	struct limits *limits;
	int web;

	(void)state;
	scratch__run("rm -rf m proc; mkdir -p m/web/b proc/self proc/7");
	write_mounts("cgroup2", "/", "rw");
	write_text("proc/7/cgroup", "0::/web/b\n");
	write_text("m/web/memory.max", "1000000\n");
	write_text("m/web/memory.current", "600000\n");
	write_text("m/web/memory.stat", "anon 7\ninactive_file 50000\n");
	limits = open_limits();
	web = limits__find(limits, inode("m/web"), 7);
	assert_string_equal(cgroup(limits, web)->path, "/web");
	assert_int_equal(cgroup(limits, web)->limit_bytes, 1000000);
	assert_int_equal(cgroup(limits, web)->used_bytes, 550000);
	assert_int_equal(cgroup(limits, cgroup(limits, web)->parent)->limit_bytes, 0);
	limits__free(limits);
}

/* As in a container, where a part of the hierarchy is mounted. */
static void a_part_is_mounted(void **state)
{
	struct limits *limits;
	int web;

	(void)state;
	write_mounts("cgroup2", "/docker/1", "rw");
	write_text("proc/7/cgroup", "0::/docker/1/web\n");
	limits = open_limits();
	web = limits__find(limits, inode("m/web"), 7);
	assert_string_equal(cgroup(limits, web)->path, "/docker/1/web");
	assert_int_equal(cgroup(limits, web)->limit_bytes, 1000000);
	write_text("proc/7/cgroup", "0::/elsewhere\n");
	limits__begin_look(limits);
	assert_int_equal(limits__find(limits, inode("proc"), 7), LIMITS_NONE);
	limits__free(limits);
}

static void what_cannot_be_found_is_none(void **state)
{
	struct limits *limits;

	(void)state;
	scratch__run("rm -rf m proc; mkdir -p m/web/b proc/self proc/7");
	write_mounts("cgroup2", "/", "rw");
	limits = open_limits();
	assert_int_equal(limits__find(limits, 0, 7), LIMITS_NONE);
	assert_int_equal(limits__find(limits, inode("m/web"), 7), LIMITS_NONE); /* it says nothing */
	write_text("proc/7/cgroup", "0::/web\n");
	assert_int_equal(limits__find(limits, inode("m/web"), 7), LIMITS_NONE); /* is not asked twice in a look */
	limits__begin_look(limits);
	assert_true(limits__find(limits, inode("m/web"), 7) >= 0);
	limits__free(limits);
	write_text("proc/self/mountinfo", "1 2 0:3 / / rw - ext4 /dev/vda rw\n");
	limits = open_limits();
	assert_int_equal(limits__find(limits, inode("m/web"), 7), LIMITS_NONE);
	limits__free(limits);
}

/* Thousands that come and go are not kept. */
static void idle_cgroups_are_forgotten(void **state)
{
	struct limits *limits;
	char name[64], text[64];
	size_t count = 0, most = 0;

	(void)state;
	write_mounts("cgroup2", "/", "rw");
	limits = open_limits();
	for (int i = 0; i < 1000; i++) {
		scratch__format(name, sizeof(name), "m/job%d", i);
		assert_int_equal(mkdir(scratch__path(name), 0755), 0);
		write_text("proc/7/cgroup", scratch__format(text, sizeof(text), "0::/job%d\n", i));
		limits__begin_look(limits);
		assert_string_equal(cgroup(limits, limits__find(limits, inode(name), 7))->path, name + 1);
		limits__cgroups(limits, &count);
		most = count > most ? count : most;
	}
	assert_in_range(most, 2, 300);
	limits__free(limits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_are_parsed),
		cmocka_unit_test(words_are_found),
		cmocka_unit_test(places_are_found),
		cmocka_unit_test(version_1_is_read),
		cmocka_unit_test(figures_are_read_anew_at_each_look),
		cmocka_unit_test(the_nearest_is_that_with_least_room),
		cmocka_unit_test(version_2_is_read),
		cmocka_unit_test(a_part_is_mounted),
		cmocka_unit_test(what_cannot_be_found_is_none),
		cmocka_unit_test(idle_cgroups_are_forgotten),
	};

	return cmocka_run_group_tests(tests, scratch__make, scratch__remove);
}
