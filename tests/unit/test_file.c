/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "fixture.h"

static char *path_in(const char *folder, const char *name)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
	return path;
}

static void check_file(const char *path, const char *expected)
{
	char *data;
	size_t size;

	assert_int_equal(file__read(AT_FDCWD, path, 1 << 20, &data, &size), 0);
	assert_int_equal(size, strlen(expected));
	assert_string_equal(data, expected);
	free(data);
}

static int entries(const char *folder)
{
	DIR *dir = opendir(folder);
	int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 2;
}

static void whole_files_are_read(void **state)
{
	char *folder = fixture_folder(), *path = path_in(folder, "a"), *data = NULL;
	struct error err = {0};
	size_t size;
	int fd;

	(void)state;
	assert_int_equal(file__read(AT_FDCWD, path, 10, &data, &size), -ENOENT);
	assert_int_equal(file__replace(path, "0123456789", 10, 0600, &err), 0);
	assert_int_equal(file__read(AT_FDCWD, path, 10, &data, &size), 0);
	assert_int_equal(size, 10);
	assert_string_equal(data, "0123456789");
	free(data);
	assert_int_equal(file__read(AT_FDCWD, path, 9, &data, &size), -EFBIG);
	fd = open(folder, O_RDONLY | O_DIRECTORY);
	assert_int_equal(file__read(fd, "a", 10, &data, &size), 0);
	free(data);
	close(fd);
	assert_int_equal(file__read(AT_FDCWD, folder, 10, &data, &size), -EISDIR);
	assert_int_equal(file__read(AT_FDCWD, "/proc/self/status", 1 << 20, &data, &size), 0);
	assert_memory_equal(data, "Name:\t", 6);
	assert_int_equal(data[size], 0);
	free(data);
	free(path);
	fixture_remove(folder);
}

static void files_are_replaced(void **state)
{
	char *folder = fixture_folder(), *path = path_in(folder, "a");
	struct error err = {0};
	struct stat st;

	(void)state;
	assert_int_equal(file__replace(path, "old", 3, 0600, &err), 0);
	check_file(path, "old");
	assert_int_equal(file__replace(path, "new and longer", 14, 0640, &err), 0);
	check_file(path, "new and longer");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(file__replace(path, "", 0, 0600, &err), 0);
	check_file(path, "");
	assert_int_equal(entries(folder), 1);
	free(path);
	fixture_remove(folder);
}

/* A file that may not grow stands for the full disk: the write fails half way. */
static void failure_leaves_the_old_file(void **state)
{
	char *folder = fixture_folder(), *path = path_in(folder, "a"), expected[300];
	struct rlimit limit, old;
	struct error err = {0};

	(void)state;
	assert_int_equal(file__replace(path, "old", 3, 0600, &err), 0);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	limit = old;
	limit.rlim_cur = 8;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(file__replace(path, "new and longer", 14, 0600, &err), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	snprintf(expected, sizeof(expected), "cannot write %s: file too large", path);
	assert_string_equal(err.text, expected);
	assert_int_equal(err.status, STATUS_REFUSED);
	check_file(path, "old");
	assert_int_equal(entries(folder), 1);
	free(path);
	path = path_in(folder, "none/a");
	assert_int_equal(file__replace(path, "x", 1, 0600, &err), -ENOENT);
	free(path);
	fixture_remove(folder);
}

/*
 * Devices are reached through links in a folder of the test's own, and a pipe stands for what must not be replaced: a
 * broken file__replace() must not cost the machine its /dev/full.
 */
static void full_disk_has_a_remedy(void **state)
{
	char *folder = fixture_folder(), *path = path_in(folder, "full"), expected[300];
	struct error err = {0};

	(void)state;
	assert_int_equal(symlink("/dev/full", path), 0);
	assert_int_equal(file__replace(path, "x", 1, 0600, &err), -ENOSPC);
	snprintf(expected, sizeof(expected),
		 "cannot write %s: no space left on device; free some there, or name another place", path);
	assert_string_equal(err.text, expected);
	free(path);
	fixture_remove(folder);
}

static void pipes_and_links_are_not_replaced(void **state)
{
	char *folder = fixture_folder(), *target = path_in(folder, "target"), *link = path_in(folder, "link");
	char *pipe = path_in(folder, "pipe"), got[4] = {0};
	struct error err = {0};
	struct stat st;
	int fd;

	(void)state;
	assert_int_equal(mkfifo(pipe, 0600), 0);
	fd = open(pipe, O_RDWR | O_NONBLOCK);
	assert_int_equal(file__replace(pipe, "abc", 3, 0600, &err), 0);
	assert_int_equal(read(fd, got, sizeof(got)), 3);
	assert_string_equal(got, "abc");
	close(fd);
	assert_int_equal(lstat(pipe, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(file__replace(target, "old", 3, 0600, &err), 0);
	assert_int_equal(symlink("target", link), 0);
	assert_int_equal(file__replace(link, "new", 3, 0600, &err), 0);
	check_file(target, "new");
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(file__replace(folder, "x", 1, 0600, &err), -EISDIR);
	free(pipe);
	free(target);
	free(link);
	fixture_remove(folder);
}

static void folders_are_made(void **state)
{
	char *folder = fixture_folder(), *path = path_in(folder, "a//b/c/"), *file = path_in(folder, "a/f"),
	     expected[300];
	char *below = path_in(folder, "a/f/g");
	struct error err = {0};
	struct stat st;

	(void)state;
	assert_int_equal(file__make_directories(path, 0700, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(file__make_directories(path, 0700, &err), 0);
	assert_int_equal(file__replace(file, "x", 1, 0600, &err), 0);
	assert_int_equal(file__make_directories(file, 0700, &err), -ENOTDIR);
	assert_int_equal(file__make_directories(below, 0700, &err), -ENOTDIR);
	snprintf(expected, sizeof(expected), "cannot make the folder %s: not a directory", below);
	assert_string_equal(err.text, expected);
	free(path);
	free(file);
	free(below);
	fixture_remove(folder);
}

/* What a path leads to: only a regular file with something in it is opened. The descriptor is closed in any case. */
static void check_found(const char *path, int flags, const char *expected)
{
	int found = open(path, O_PATH | O_CLOEXEC | flags), fd;
	char text[8] = "";

	assert_true(found >= 0);
	fd = file__open_found(found);
	if (expected) {
		assert_true(fd >= 0);
		assert_int_equal(read(fd, text, sizeof(text) - 1), strlen(expected));
		assert_string_equal(text, expected);
		close(fd);
	} else {
		assert_int_equal(fd, -EINVAL);
	}
	assert_int_equal(fcntl(found, F_GETFD), -1);
}

static void what_was_found_is_opened(void **state)
{
	char *folder = fixture_folder();
	char *file = path_in(folder, "file"), *empty = path_in(folder, "empty"), *link = path_in(folder, "link"),
	     *pipe_path = path_in(folder, "pipe");

	(void)state;
	assert_int_equal(file__replace(file, "text", 4, 0600, NULL), 0);
	assert_int_equal(file__replace(empty, "", 0, 0600, NULL), 0);
	assert_int_equal(symlink(file, link), 0);
	assert_int_equal(mkfifo(pipe_path, 0600), 0);
	check_found(file, 0, "text");
	check_found(link, 0, "text");
	check_found(link, O_NOFOLLOW, NULL);
	check_found(empty, 0, NULL);
	check_found(pipe_path, 0, NULL); /* at once: there is no writer to wait for */
	check_found(folder, 0, NULL);
	check_found("/dev/zero", 0, NULL);
	check_found("/proc/self/status", 0, NULL);
	free(file);
	free(empty);
	free(link);
	free(pipe_path);
	fixture_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_files_are_read),
		cmocka_unit_test(files_are_replaced),
		cmocka_unit_test(failure_leaves_the_old_file),
		cmocka_unit_test(full_disk_has_a_remedy),
		cmocka_unit_test(pipes_and_links_are_not_replaced),
		cmocka_unit_test(folders_are_made),
		cmocka_unit_test(what_was_found_is_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
