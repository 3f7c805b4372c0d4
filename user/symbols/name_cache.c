/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbols/name_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/file.h"

/* Changes with what is written, and with what is made of a name: files of other versions are as good as none. */
static const char format[] = "memtrawl names 1";

#define FILE_MAX (64UL << 20)
#define HEX      "0123456789abcdef"

/* What others could write to, root does not read names from. */
static bool is_ours(const char *directory)
{
	struct stat st;

	return !lstat(directory, &st) && S_ISDIR(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & 022);
}

/* BUILD-ID-OWNER-DEVICE.KIND; see is_cached(). */
static bool path_of(const char *directory, const struct name_key *key, bool with_lines, char *path)
{
	int length = snprintf(path, PATH_MAX, "%s/%s-%u-%jx.%s", directory, key->build_id, key->owner,
			      (uintmax_t)key->device, with_lines ? "lines" : "symbols");

	return length > 0 && length < PATH_MAX && !key->build_id[strspn(key->build_id, HEX)];
}

void name_cache__load(const char *directory, const struct name_key *key, bool with_lines, struct name_set *set)
{
	char path[PATH_MAX], *data;
	const char *version;
	struct wire wire;
	size_t size;

	if (!is_ours(directory) || !path_of(directory, key, with_lines, path) ||
	    file__read(AT_FDCWD, path, FILE_MAX, &data, &size))
		return;
	wire = wire__of(data, size);
	version = wire__text(&wire);
	if (version && !strcmp(version, format) && !name_set__read(set, &wire))
		(void)utimensat(AT_FDCWD, path, NULL, 0); /* used now */
	free(data);
}

/* ---- bounds */

struct cached {
	char name[NAME_MAX + 1];
	uint64_t size;
	struct timespec used;
};

static int compare_use(const void *left, const void *right)
{
	const struct cached *a = left, *b = right;

	if (a->used.tv_sec != b->used.tv_sec)
		return a->used.tv_sec < b->used.tv_sec ? -1 : 1;
	return a->used.tv_nsec < b->used.tv_nsec ? -1 : a->used.tv_nsec > b->used.tv_nsec;
}

/* Whether a file's name is one of path_of(): the folder may have others in it, which are not ours to remove. */
static bool is_cached(const char *name)
{
	static const char *const parts[] = {HEX, "-", "0123456789", "-", HEX, "."};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		size_t length = strspn(name, parts[i]);

		if (!length)
			return false;
		name += length;
	}
	return !strcmp(name, "lines") || !strcmp(name, "symbols");
}

static struct cached *list(DIR *folder, size_t *count, uint64_t *total)
{
	struct cached *files = NULL;
	const struct dirent *entry;
	size_t capacity = 0;

	while ((entry = readdir(folder))) {
		struct cached file;
		struct stat st;

		if (!is_cached(entry->d_name) || fstatat(dirfd(folder), entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		snprintf(file.name, sizeof(file.name), "%s", entry->d_name);
		file.size = (uint64_t)st.st_size;
		file.used = st.st_mtim;
		if (!array__push(files, *count, capacity, file))
			break;
		*total += file.size;
	}
	return files;
}

static void shrink(const char *directory)
{
	DIR *folder = opendir(directory);
	struct cached *files;
	uint64_t total = 0;
	size_t count = 0;

	if (!folder)
		return;
	files = list(folder, &count, &total);
	if (total > NAME_CACHE_MAX)
		qsort(files, count, sizeof(*files), compare_use);
	for (size_t i = 0; i < count && total > NAME_CACHE_MAX; i++)
		if (!unlinkat(dirfd(folder), files[i].name, 0))
			total -= files[i].size;
	free(files);
	closedir(folder);
}

void name_cache__save(const char *directory, const struct name_key *key, bool with_lines, const struct name_set *set)
{
	char path[PATH_MAX];
	struct buf buf = {0};

	if (file__make_directories(directory, 0700, NULL) || !is_ours(directory) ||
	    !path_of(directory, key, with_lines, path))
		return;
	wire__put_text(&buf, format);
	name_set__put(set, &buf);
	if (!buf__failed(&buf) && buf.size <= FILE_MAX && !file__replace_unsynced(path, buf.data, buf.size, 0600))
		shrink(directory);
	buf__free(&buf);
}
