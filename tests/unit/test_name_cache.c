/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept on disk comes back for the same file only, and nothing of it is ever worth an error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <time.h>

#include "scratch.h"
#include "symbols/name_cache.h"

#define BUILD_ID  "0123456789abcdef0123456789abcdef01234567"
#define FILE_NAME BUILD_ID "-1000-fe01.lines"

static const struct name_key the_key = {.build_id = BUILD_ID, .owner = 1000, .device = 0xfe01};

/* A folder for the cache, not there yet. */
static const char *folder(void)
{
	static char path[512];

	scratch__run("rm -rf cache");
	return scratch__format(path, sizeof(path), "%s", scratch__path("cache"));
}

static struct name_set *new_set(uint64_t place, const char *name, unsigned int kinds)
{
	struct name_set *set = name_set__new();
	struct name_line line = {.file = NAME_NONE};

	assert_non_null(set);
	line.function = line.system_name = name_set__string(set, name);
	if (name)
		assert_int_equal(name_set__add(set, place, &line, 1), 0);
	name_set__mark(set, kinds);
	return set;
}

static void save(const char *directory, const struct name_key *key, bool with_lines, uint64_t place, const char *name)
{
	struct name_set *set = new_set(place, name, with_lines ? 3 : 1);

	name_cache__save(directory, key, with_lines, set);
	name_set__free(set);
}

/* `name` is NULL for nothing known. */
static void check(const char *directory, const struct name_key *key, bool with_lines, uint64_t place, const char *name)
{
	struct name_set *set = new_set(0, NULL, 0);
	const struct name_line *lines;
	size_t count;

	name_cache__load(directory, key, with_lines, set);
	assert_int_equal(name_set__count(set), name ? 1 : 0);
	if (name) {
		assert_true(name_set__find(set, place, &lines, &count));
		assert_int_equal(count, 1);
		assert_string_equal(name_set__text(set, lines[0].function), name);
		assert_int_equal(name_set__kinds(set), with_lines ? 3 : 1);
	} else {
		assert_int_equal(name_set__kinds(set), 0);
	}
	name_set__free(set);
}

static mode_t mode_of(const char *name)
{
	struct stat st;

	assert_int_equal(lstat(scratch__path(name), &st), 0);
	return st.st_mode & 07777;
}

static bool is_there(const char *name)
{
	return !access(scratch__path(name), F_OK);
}

/* ---- */

static void stored_and_loaded(void **state)
{
	const char *directory = folder();

	(void)state;
	check(directory, &the_key, true, 16, NULL);
	save(directory, &the_key, true, 16, "main");
	check(directory, &the_key, true, 16, "main");
	assert_int_equal(mode_of("cache"), 0700);
	assert_int_equal(mode_of("cache/" FILE_NAME), 0600);
	save(directory, &the_key, true, 32, "other"); /* in its place */
	check(directory, &the_key, true, 32, "other");
}

/* Of a load, what the set has already stays. */
static void loaded_into_more(void **state)
{
	const char *directory = folder();
	struct name_set *set = new_set(16, "mine", 1);
	const struct name_line *lines;
	size_t count;

	(void)state;
	save(directory, &the_key, true, 16, "main");
	name_cache__load(directory, &the_key, true, set);
	assert_int_equal(name_set__count(set), 1);
	assert_true(name_set__find(set, 16, &lines, &count));
	assert_string_equal(name_set__text(set, lines[0].function), "mine");
	name_set__free(set);
}

static void kept_apart(void **state)
{
	const char *directory = folder();
	const struct name_key others[] = {
		{BUILD_ID, 0, the_key.device},
		{BUILD_ID, the_key.owner, 0xfe02},
		{"1123456789abcdef0123456789abcdef01234567", the_key.owner, the_key.device},
		{"0123456789abcdef0123456789abcdef0123456", the_key.owner, the_key.device},
	};

	(void)state;
	save(directory, &the_key, true, 16, "main");
	check(directory, &the_key, false, 16, NULL);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		check(directory, &others[i], true, 16, NULL);
		save(directory, &others[i], true, 16, "of another");
	}
	check(directory, &the_key, true, 16, "main");
	save(directory, &the_key, false, 16, "symbol");
	check(directory, &the_key, true, 16, "main");
	check(directory, &the_key, false, 16, "symbol");
}

/* Build ids are hex wherever they come from; what is not makes no path. */
static void no_build_id(void **state)
{
	const char *directory = folder();
	const struct name_key wrong = {"../" BUILD_ID, the_key.owner, the_key.device};

	(void)state;
	save(directory, &wrong, true, 16, "main");
	assert_false(is_there(FILE_NAME));
	save(directory, &the_key, true, 16, "main");
	scratch__run("mv cache/" FILE_NAME " " FILE_NAME);
	check(directory, &wrong, true, 16, NULL);
}

static void other_bytes(void **state)
{
	const char *directory = folder(), file[] = "cache/" FILE_NAME;
	unsigned char *data;
	size_t size;

	(void)state;
	save(directory, &the_key, true, 16, "main");
	data = scratch__read(file, &size);
	for (size_t cut = 0; cut < size; cut++) {
		scratch__write(file, data, cut);
		check(directory, &the_key, true, 16, NULL);
	}
	data[8]++; /* the first letter of the version */
	scratch__write(file, data, size);
	check(directory, &the_key, true, 16, NULL);
	data[8]--;
	scratch__write(file, data, size);
	check(directory, &the_key, true, 16, "main");
	free(data);
}

/* Who can write there could have root believe any names. */
static void directory_of_others(void **state)
{
	const char *directory = folder();

	(void)state;
	save(directory, &the_key, true, 16, "main");
	assert_int_equal(chmod(directory, 0770), 0);
	check(directory, &the_key, true, 16, NULL);
	save(directory, &the_key, true, 16, "new");
	assert_int_equal(chmod(directory, 0707), 0);
	check(directory, &the_key, true, 16, NULL);
	save(directory, &the_key, true, 16, "new");
	assert_int_equal(chmod(directory, 0755), 0);
	check(directory, &the_key, true, 16, "main");
	scratch__run("ln -sfn cache link");
	check(scratch__path("link"), &the_key, true, 16, NULL);
	if (geteuid())
		return;
	assert_int_equal(chown(directory, 1, 0), 0);
	check(directory, &the_key, true, 16, NULL);
	save(directory, &the_key, true, 16, "new");
	assert_int_equal(chown(directory, 0, 0), 0);
	check(directory, &the_key, true, 16, "main");
}

/* Nothing is said, and nothing happens. */
static void unwritable(void **state)
{
	(void)state;
	scratch__write("file", "x", 1);
	save(scratch__path("file"), &the_key, true, 16, "main");
	check(scratch__path("file"), &the_key, true, 16, NULL);
	save(scratch__path("file/below"), &the_key, true, 16, "main");
	check(scratch__path("file/below"), &the_key, true, 16, NULL);
	save("/proc/none/here", &the_key, true, 16, "main");
	save("", &the_key, true, 16, "main");
	check("", &the_key, true, 16, NULL);
}

/* A file of a size, without bytes on the disk, and so many hours old. */
static void old_file(const char *name, off_t size, int hours)
{
	const char *path = scratch__path(name);
	struct timespec times[2] = {{0}};
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	clock_gettime(CLOCK_REALTIME, &times[0]);
	times[0].tv_sec -= (time_t)hours * 3600;
	times[1] = times[0];
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
}

static void size_bound(void **state)
{
	static const char oldest[] = "cache/aa-0-fe01.lines", older[] = "cache/bb-0-fe01.symbols",
			  foreign[] = "cache/photos.lines", hidden[] = "cache/.bb-0-1.lines",
			  used[] = "cache/" FILE_NAME;
	const char *directory = folder();

	(void)state;
	save(directory, &the_key, true, 16, "main");
	old_file(oldest, 100 << 20, 30);
	old_file(older, 100 << 20, 20);
	old_file(foreign, 200 << 20, 99);
	old_file(hidden, 200 << 20, 99);
	scratch__run("touch -d '40 hours ago' cache/" FILE_NAME);
	save(directory, &(struct name_key){"cc", 0, 1}, true, 16, "main"); /* below the bound: all stays */
	assert_true(is_there(oldest) && is_there(older) && is_there(used));
	check(directory, &the_key, true, 16, "main"); /* and it is in use again */
	old_file("cache/dd-0-fe01.lines", 100 << 20, 10);
	save(directory, &(struct name_key){"cc", 0, 1}, true, 16, "main");
	assert_false(is_there(oldest));
	assert_true(is_there(older) && is_there(used) && is_there("cache/dd-0-fe01.lines"));
	assert_true(is_there(foreign) && is_there(hidden)); /* not ours */
	check(directory, &the_key, true, 16, "main");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stored_and_loaded), cmocka_unit_test(loaded_into_more),
		cmocka_unit_test(kept_apart),        cmocka_unit_test(no_build_id),
		cmocka_unit_test(other_bytes),       cmocka_unit_test(directory_of_others),
		cmocka_unit_test(unwritable),        cmocka_unit_test(size_bound),
	};

	return cmocka_run_group_tests_name("name_cache", tests, scratch__make, scratch__remove);
}
