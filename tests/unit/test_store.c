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

#include "fixture.h"
#include "profile/store.h"

/* Saves the fixture as of the process and with the given live bytes. Returns the code. */
static int save(const char *store, pid_t pid, const char *name, bool replace, uint64_t keep, uint64_t live,
		char **saved, struct error *err)
{
	const struct store_save how = {.name = name, .replace = replace, .keep = keep};
	struct profile *profile = fixture_profile();
	char *ignored = NULL;
	int code;

	profile->process.pid = pid;
	profile->totals.live_bytes = live;
	code = store__save(store, profile, &how, saved ? saved : &ignored, err);
	free(ignored);
	profile__free(profile);
	return code;
}

static uint64_t live_of(const char *store, const char *name)
{
	struct profile *profile;
	struct error err = {0};
	uint64_t live;

	assert_int_equal(store__load(store, name, &profile, &err), 0);
	live = profile->totals.live_bytes;
	profile__free(profile);
	return live;
}

static void set_time(const char *store, const char *name, time_t seconds)
{
	const struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
	struct error err = {0};
	char *path;

	assert_int_equal(store__find(store, name, &path, &err), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	free(path);
}

/* The names in the store, newest first, separated by blanks. */
static char *names(const char *store)
{
	static char text[1024];
	struct store_list list;
	struct error err = {0};

	assert_int_equal(store__list(store, &list, &err), 0);
	text[0] = '\0';
	for (size_t i = 0; i < list.count; i++) {
		strcat(text, i ? " " : "");
		strcat(text, list.entries[i].name);
	}
	store_list__free(&list);
	return text;
}

static void names_are_checked(void **state)
{
	static const char *const good[] = {"a",    "before-deploy_2.1",
					   "A",    "7",
					   "-x",   "_",
					   "a..b", "0123456789012345678901234567890123456789012345678901234567890123"};
	static const char *const bad[] = {"",
					  ".",
					  "..",
					  ".a",
					  "a/b",
					  "../a",
					  "a b",
					  "a\nb",
					  "\xc3\xa9",
					  "a:b",
					  "a\\b",
					  "a*",
					  "01234567890123456789012345678901234567890123456789012345678901234"};
	struct error err = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(store__check_name(good[i], &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		err = (struct error){0};
		assert_int_equal(store__check_name(bad[i], &err), -EINVAL);
		assert_int_equal(err.status, STATUS_USAGE);
	}
	store__check_name("a/b", &err);
	assert_string_equal(err.text, "'a/b' cannot name a snapshot: letters, digits, '.', '_' and '-' only, not "
				      "starting with '.', at most 64");
}

static void snapshots_are_saved_found_and_removed(void **state)
{
	char *folder = fixture_folder(), *store, *path, expected[512];
	struct error err = {0};
	struct store_list list;
	struct stat st;

	(void)state;
	assert_true(asprintf(&store, "%s/not/there/yet", folder) > 0);
	assert_string_equal(names(store), "");
	assert_int_equal(store__find(store, "before", &path, &err), -ENOENT);
	snprintf(expected, sizeof(expected), "no snapshot 'before' in %s: `memtrawl list` shows those there are",
		 store);
	assert_string_equal(err.text, expected);
	assert_int_equal(save(store, 812, "before", false, 0, 1000, NULL, &err), 0);
	assert_int_equal(stat(store, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(store__find(store, "before", &path, &err), 0);
	snprintf(expected, sizeof(expected), "%s/812-123456/before.pb.gz", store);
	assert_string_equal(path, expected);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	free(path);
	assert_int_equal(live_of(store, "before"), 1000);
	assert_int_equal(store__list(store, &list, &err), 0);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.entries[0].pid, 812);
	assert_int_equal(list.entries[0].start_ticks, 123456);
	store_list__free(&list);
	assert_int_equal(store__remove(store, "../812-123456/before", &err), -EINVAL);
	assert_int_equal(store__remove(store, "before", &err), 0);
	assert_int_equal(store__remove(store, "before", &err), -ENOENT);
	snprintf(expected, sizeof(expected), "%s/812-123456", store);
	assert_int_equal(stat(expected, &st), -1); /* the last one's folder went with it */
	assert_string_equal(names(store), "");
	free(store);
	fixture_remove(folder);
}

static void names_are_unique_and_replaced_on_demand(void **state)
{
	char *store = fixture_folder();
	struct error err = {0};

	(void)state;
	assert_int_equal(save(store, 812, "a", false, 0, 1, NULL, &err), 0);
	assert_int_equal(save(store, 812, "a", false, 0, 2, NULL, &err), -EEXIST);
	assert_string_equal(err.text, "there is a snapshot 'a' already: `memtrawl rm a`, or choose another name");
	assert_int_equal(live_of(store, "a"), 1);
	assert_int_equal(save(store, 812, "a", true, 0, 3, NULL, &err), 0);
	assert_int_equal(live_of(store, "a"), 3);
	/* of another process */
	assert_int_equal(save(store, 900, "a", false, 0, 4, NULL, &err), -EEXIST);
	assert_int_equal(save(store, 900, "a", true, 0, 5, NULL, &err), 0);
	assert_int_equal(live_of(store, "a"), 5);
	assert_string_equal(names(store), "a");
	fixture_remove(store);
}

static void automatic_names_are_unique(void **state)
{
	char *store = fixture_folder(), *first, *second, *third;
	struct error err = {0};

	(void)state;
	assert_int_equal(save(store, 812, NULL, false, 0, 1, &first, &err), 0);
	assert_int_equal(save(store, 812, NULL, false, 0, 2, &second, &err), 0);
	assert_int_equal(save(store, 812, NULL, false, 0, 3, &third, &err), 0);
	assert_string_equal(first, "812-20261120T212955Z");
	assert_string_equal(second, "812-20261120T212955Z-2");
	assert_string_equal(third, "812-20261120T212955Z-3");
	assert_int_equal(live_of(store, first), 1);
	assert_int_equal(live_of(store, third), 3);
	free(first);
	free(second);
	free(third);
	fixture_remove(store);
}

static void newest_of_each_process_are_kept(void **state)
{
	char *store = fixture_folder();
	struct error err = {0};

	(void)state;
	save(store, 812, "a", false, 0, 1, NULL, &err);
	set_time(store, "a", 100);
	save(store, 812, "b", false, 0, 1, NULL, &err);
	set_time(store, "b", 300);
	save(store, 812, "c", false, 0, 1, NULL, &err);
	set_time(store, "c", 200);
	save(store, 900, "other", false, 0, 1, NULL, &err);
	set_time(store, "other", 50);
	assert_string_equal(names(store), "b c a other");
	assert_int_equal(save(store, 812, "d", false, 3, 1, NULL, &err), 0);
	assert_string_equal(names(store), "d b c other");
	assert_int_equal(save(store, 812, "b", true, 2, 1, NULL, &err), 0);
	set_time(store, "d", 400);
	assert_string_equal(names(store), "b d other");
	assert_int_equal(save(store, 812, "e", false, 1, 1, NULL, &err), 0);
	set_time(store, "e", 500);
	assert_string_equal(names(store), "e other");
	fixture_remove(store);
}

static void foreign_files_are_no_snapshots(void **state)
{
	char *store = fixture_folder(), *path;
	struct error err = {0};
	static const char *const files[] = {"notes.txt",
					    "812-123456/.hidden.pb.gz",
					    "812-123456/x",
					    "812-123456/.pb.gz",
					    "812-123456/a b.pb.gz",
					    "0812-1/y.pb.gz",
					    "812/z.pb.gz",
					    "812-1x/z.pb.gz"};

	(void)state;
	assert_int_equal(save(store, 812, "a", false, 0, 1, NULL, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		assert_true(asprintf(&path, "%s/%s", store, files[i]) > 0);
		*strrchr(path, '/') = '\0';
		assert_int_equal(file__make_directories(path, 0700, &err), 0);
		path[strlen(path)] = '/';
		assert_int_equal(file__replace(path, "x", 1, 0600, &err), 0);
		free(path);
	}
	assert_string_equal(names(store), "a");
	fixture_remove(store);
}

static void failed_save_leaves_all_as_it_was(void **state)
{
	char *store = fixture_folder();
	struct rlimit limit, old;
	struct error err = {0};

	(void)state;
	assert_int_equal(save(store, 812, "a", false, 0, 1, NULL, &err), 0);
	assert_int_equal(save(store, 812, "b", false, 0, 2, NULL, &err), 0);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	limit = old;
	limit.rlim_cur = 64;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(save(store, 812, "a", true, 1, 3, NULL, &err), -EFBIG);
	assert_int_equal(save(store, 900, "c", false, 1, 3, NULL, &err), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(live_of(store, "a"), 1);
	assert_int_equal(live_of(store, "b"), 2); /* retention does not go before the new one is safe */
	assert_int_equal(store__remove(store, "c", &err), -ENOENT);
	fixture_remove(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_checked),
		cmocka_unit_test(snapshots_are_saved_found_and_removed),
		cmocka_unit_test(names_are_unique_and_replaced_on_demand),
		cmocka_unit_test(automatic_names_are_unique),
		cmocka_unit_test(newest_of_each_process_are_kept),
		cmocka_unit_test(foreign_files_are_no_snapshots),
		cmocka_unit_test(failed_save_leaves_all_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
