/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "profile/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/file.h"
#include "profile/pprof.h"

#define SUFFIX ".pb.gz"

static bool name_valid(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t length = strlen(name);

	return length && length <= STORE_NAME_MAX && *name != '.' && strspn(name, allowed) == length;
}

int store__check_name(const char *name, struct error *err)
{
	if (name_valid(name))
		return 0;
	return error__usage(
		err,
		"'%s' cannot name a snapshot: letters, digits, '.', '_' and '-' only, not starting with '.', "
		"at most %d",
		name, STORE_NAME_MAX);
}

/* ---- listing */

void store_list__free(struct store_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->entries[i].name);
		free(list->entries[i].path);
	}
	free(list->entries);
	*list = (struct store_list){0};
}

/* The name of a snapshot's file without its suffix, malloc'ed; NULL with *err 0 if the file is none. */
static char *name_of_file(const char *file, int *err)
{
	size_t length = strlen(file), suffix = strlen(SUFFIX);
	char *name;

	*err = 0;
	if (length <= suffix || strcmp(file + length - suffix, SUFFIX) != 0)
		return NULL;
	name = strndup(file, length - suffix);
	if (!name)
		*err = -ENOMEM;
	if (name && !name_valid(name)) {
		free(name);
		return NULL;
	}
	return name;
}

static int add_entry(struct store_list *list, const struct store_entry *process, const char *folder, const char *file)
{
	struct store_entry entry = *process;
	struct stat st;
	int err;

	entry.name = name_of_file(file, &err);
	if (!entry.name)
		return err;
	if (asprintf(&entry.path, "%s/%s", folder, file) < 0) {
		free(entry.name);
		return -ENOMEM;
	}
	if (stat(entry.path, &st) || !S_ISREG(st.st_mode)) { /* removed meanwhile, or none of ours */
		free(entry.name);
		free(entry.path);
		return 0;
	}
	entry.saved_ns = st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec;
	if (!array__push(list->entries, list->count, list->capacity, entry)) {
		free(entry.name);
		free(entry.path);
		return -ENOMEM;
	}
	return 0;
}

/* "<pid>-<start ticks>" */
static bool parse_folder(const char *name, struct store_entry *process)
{
	char again[64];
	uint64_t ticks;
	unsigned int pid;

	if (sscanf(name, "%10u-%20" SCNu64, &pid, &ticks) != 2 || pid > INT32_MAX)
		return false;
	snprintf(again, sizeof(again), "%u-%" PRIu64, pid, ticks);
	process->pid = (pid_t)pid;
	process->start_ticks = ticks;
	return !strcmp(name, again);
}

static int list_folder(struct store_list *list, const struct store_entry *process, const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int err = 0;

	if (!dir)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	while (!err && (entry = readdir(dir)))
		err = add_entry(list, process, folder, entry->d_name);
	closedir(dir);
	return err;
}

static int newest_first(const void *a, const void *b)
{
	const struct store_entry *x = a, *y = b;

	if (x->saved_ns != y->saved_ns)
		return x->saved_ns < y->saved_ns ? 1 : -1;
	return -strcmp(x->name, y->name);
}

static int list_all(const char *directory, struct store_list *list)
{
	DIR *dir = opendir(directory);
	struct store_entry process = {0};
	struct dirent *entry;
	int err = 0;
	char *folder;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while (!err && (entry = readdir(dir))) {
		if (!parse_folder(entry->d_name, &process))
			continue;
		if (asprintf(&folder, "%s/%s", directory, entry->d_name) < 0) {
			err = -ENOMEM;
			break;
		}
		err = list_folder(list, &process, folder);
		free(folder);
	}
	closedir(dir);
	if (!err && list->count)
		qsort(list->entries, list->count, sizeof(*list->entries), newest_first);
	return err;
}

int store__list(const char *directory, struct store_list *list, struct error *err)
{
	int code;

	*list = (struct store_list){0};
	code = list_all(directory, list);
	if (!code)
		return 0;
	store_list__free(list);
	if (code == -EACCES)
		return error__set(err, code, "cannot read the store %s: %s; run as its owner, or give --store DIR",
				  directory, error__reason(code));
	return error__set(err, code, "cannot read the store %s: %s", directory, error__reason(code));
}

static const struct store_entry *find_name(const struct store_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->entries[i].name, name))
			return &list->entries[i];
	return NULL;
}

int store__find(const char *directory, const char *name, char **path, struct error *err)
{
	const struct store_entry *entry;
	struct store_list list;
	int code;

	*path = NULL;
	code = store__check_name(name, err);
	if (code)
		return code;
	code = store__list(directory, &list, err);
	if (code)
		return code;
	entry = find_name(&list, name);
	if (entry)
		*path = strdup(entry->path);
	if (!entry)
		error__set(err, -ENOENT, "no snapshot '%s' in %s: `memtrawl list` shows those there are", name,
			   directory);
	else if (!*path)
		error__set(err, -ENOMEM, "out of memory");
	code = *path ? 0 : entry ? -ENOMEM : -ENOENT;
	store_list__free(&list);
	return code;
}

int store__load(const char *directory, const char *name, struct profile **profile, struct error *err)
{
	char *path;
	int code;

	*profile = NULL;
	code = store__find(directory, name, &path, err);
	if (!code)
		code = profile__load(path, profile, err);
	free(path);
	return code;
}

/* ---- changing */

/* Takes the lock that keeps writers apart; a descriptor to close. Waits for other writers, who are quick. */
static int lock(const char *directory, struct error *err)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC), code;

	if (fd >= 0 && !flock(fd, LOCK_EX))
		return fd;
	code = -errno;
	if (fd >= 0)
		close(fd);
	return error__set(err, code, "cannot open the store %s: %s", directory, error__reason(code));
}

/* Removes a snapshot, and its folder if it was the last one there. */
static int remove_file(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder;

	if (unlink(path) && errno != ENOENT)
		return -errno;
	folder = slash ? strndup(path, (size_t)(slash - path)) : NULL;
	if (folder)
		rmdir(folder); /* fails while others are in it, as it should */
	free(folder);
	return 0;
}

int store__remove(const char *directory, const char *name, struct error *err)
{
	char *path = NULL;
	int fd, code;

	code = store__find(directory, name, &path, err);
	if (code)
		return code;
	fd = lock(directory, err);
	if (fd < 0) {
		free(path);
		return fd;
	}
	code = remove_file(path);
	if (code)
		error__set(err, code, "cannot remove %s: %s", path, error__reason(code));
	close(fd);
	free(path);
	return code;
}

/* A name that is not taken, of the pid and the end of the window: "812-20261120T212955Z", with "-2" and so on after. */
static void make_name(const struct store_list *list, const struct profile *profile, char name[STORE_NAME_MAX + 1])
{
	time_t seconds = (time_t)(profile->end_ns / 1000000000);
	char stem[48];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	snprintf(stem, sizeof(stem), "%d-%04d%02d%02dT%02d%02d%02dZ", (int)profile->process.pid, tm.tm_year + 1900,
		 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	snprintf(name, STORE_NAME_MAX + 1, "%s", stem);
	for (unsigned int i = 2; find_name(list, name); i++)
		snprintf(name, STORE_NAME_MAX + 1, "%s-%u", stem, i);
}

/* Removes the oldest snapshots of the process beyond `keep`, of which the new one, not in the list, is the first. */
static void prune(const struct store_list *list, const struct profile *profile, const char *new_path, uint64_t keep)
{
	uint64_t kept = 1;
	int code;

	for (size_t i = 0; keep && i < list->count; i++) {
		const struct store_entry *entry = &list->entries[i];

		if (entry->pid != profile->process.pid || entry->start_ticks != profile->process.start_ticks)
			continue;
		if (!strcmp(entry->path, new_path))
			continue;
		if (++kept <= keep)
			continue;
		code = remove_file(entry->path);
		if (code)
			warn("cannot remove the old snapshot %s: %s", entry->path, error__reason(code));
	}
}

/* With the lock held, and `list` what is there. */
static int save_locked(const char *directory, const struct store_list *list, const struct profile *profile,
		       const struct store_save *save, const char *name, struct error *err)
{
	const struct store_entry *old = find_name(list, name);
	char *folder = NULL, *path = NULL;
	int code;

	if (old && !save->replace)
		return error__set(err, -EEXIST,
				  "there is a snapshot '%s' already: `memtrawl rm %s`, or choose another name", name,
				  name);
	if (asprintf(&folder, "%s/%d-%" PRIu64, directory, (int)profile->process.pid, profile->process.start_ticks) <
		    0 ||
	    asprintf(&path, "%s/%s" SUFFIX, folder, name) < 0) {
		code = error__set(err, -ENOMEM, "out of memory");
		goto out;
	}
	code = file__make_directories(folder, 0700, err);
	if (!code)
		code = profile__save(profile, path, err);
	if (code) {
		rmdir(folder);
		goto out;
	}
	if (old && strcmp(old->path, path) != 0) /* of another process: its name goes over to this one */
		remove_file(old->path);
	prune(list, profile, path, save->keep);
out:
	free(folder);
	free(path);
	return code;
}

int store__save(const char *directory, const struct profile *profile, const struct store_save *save, char **name,
		struct error *err)
{
	char chosen[STORE_NAME_MAX + 1];
	struct store_list list;
	int fd, code;

	*name = NULL;
	code = save->name ? store__check_name(save->name, err) : 0;
	if (!code)
		code = file__make_directories(directory, 0700, err);
	if (code)
		return code;
	fd = lock(directory, err);
	if (fd < 0)
		return fd;
	code = store__list(directory, &list, err);
	if (!code) {
		if (save->name)
			snprintf(chosen, sizeof(chosen), "%s", save->name);
		else
			make_name(&list, profile, chosen);
		code = save_locked(directory, &list, profile, save, chosen, err);
		store_list__free(&list);
	}
	if (!code && !(*name = strdup(chosen)))
		code = error__set(err, -ENOMEM, "out of memory");
	close(fd);
	return code;
}
