/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/array.h"
#include "lib/file.h"
#include "lib/hash.h"
#include "target/cgroup.h"

#define MOUNTINFO_MAX (64U << 20)
#define TEXT_MAX      (1U << 20)

/* As many cgroups that nothing is in any more may be kept. */
enum { IDLE_MAX = 256 };

/* What is known of the cgroup beside what is told of it. */
struct node {
	uint64_t inode; /* 0: of another hierarchy's, or out of sight */
	uint64_t look;  /* its figures are of this one */
};

struct limits {
	char *proc;
	char *root, *point; /* of the mount; point NULL: there is none */
	bool v2;
	uint64_t look;
	struct limits_cgroup *cgroups;
	struct node *nodes; /* by the same index */
	size_t count, capacity, node_capacity;
	size_t used; /* in the last look */
	struct index_map *by_inode;
	struct index_map *unknown; /* inodes that were not found in this look */
};

/* ---- texts */

int limits__parse_limit(const char *text, uint64_t *bytes)
{
	char end;

	*bytes = 0;
	if (!strncmp(text, "max", 3))
		return 0;
	if (*text < '0' || *text > '9' || sscanf(text, "%" SCNu64 "%c", bytes, &end) < 1)
		return -EINVAL;
	if (*bytes >= 1ULL << 62) /* PAGE_COUNTER_MAX pages, which depends on the size of those */
		*bytes = 0;
	return 0;
}

uint64_t limits__parse_word(const char *text, const char *word)
{
	size_t length = strlen(word);
	uint64_t number;

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
		if (!strncmp(text, word, length) && (text[length] == ' ' || text[length] == ':'))
			return sscanf(text + length + 1, " %" SCNu64, &number) == 1 ? number : 0;
	return 0;
}

/* "<folder><between><name>", or -ENOENT and other -errnos. */
static int read_text(const char *folder, const char *between, const char *name, char **text)
{
	char *path;
	size_t size;
	int code;

	if (asprintf(&path, "%s%s%s", folder, between, name) < 0)
		return -ENOMEM;
	code = file__read(AT_FDCWD, path, TEXT_MAX, text, &size);
	free(path);
	return code;
}

/* ---- the mount */

/* Version 1's memory controller is nowhere else. Of several mounts the one that shows most. */
static bool is_better(const struct limits *limits, const struct cgroup_mount *mount)
{
	bool v2 = !*mount->options;

	if (!v2 && !cgroup_mount__has(mount, "memory"))
		return false;
	if (!limits->point || v2 != limits->v2)
		return !limits->point || !v2;
	return strlen(mount->root) < strlen(limits->root);
}

static int use_mount(struct limits *limits, const struct cgroup_mount *mount)
{
	free(limits->root);
	free(limits->point);
	limits->root = strdup(mount->root);
	limits->point = strdup(mount->point);
	limits->v2 = !*mount->options;
	return limits->root && limits->point ? 0 : -ENOMEM;
}

static int find_mount(struct limits *limits)
{
	char *path, *text = NULL, *save = NULL;
	size_t size;
	int code;

	if (asprintf(&path, "%s/self/mountinfo", limits->proc) < 0)
		return -ENOMEM;
	code = file__read(AT_FDCWD, path, MOUNTINFO_MAX, &text, &size);
	free(path);
	if (code)
		return code;
	for (char *line = strtok_r(text, "\n", &save); !code && line; line = strtok_r(NULL, "\n", &save)) {
		struct cgroup_mount mount;

		if (cgroup_mount__parse(line, &mount) && is_better(limits, &mount))
			code = use_mount(limits, &mount);
	}
	free(text);
	return code;
}

int limits__new(const char *proc, struct limits **result, struct error *err)
{
	struct limits *limits = calloc(1, sizeof(*limits));
	int code = -ENOMEM;

	if (limits) {
		limits->proc = strdup(proc);
		limits->by_inode = index_map__new();
		limits->unknown = index_map__new();
		if (limits->proc && limits->by_inode && limits->unknown)
			code = find_mount(limits);
	}
	if (code) {
		limits__free(limits);
		return error__set(err, code, "cannot look for cgroups in %s/self/mountinfo: %s", proc,
				  error__reason(code));
	}
	*result = limits;
	return 0;
}

static void forget_all(struct limits *limits)
{
	for (size_t i = 0; i < limits->count; i++)
		free((char *)limits->cgroups[i].path);
	limits->count = 0;
	index_map__free(limits->by_inode);
	limits->by_inode = index_map__new();
}

void limits__free(struct limits *limits)
{
	if (!limits)
		return;
	forget_all(limits);
	free(limits->cgroups);
	free(limits->nodes);
	index_map__free(limits->by_inode);
	index_map__free(limits->unknown);
	free(limits->root);
	free(limits->point);
	free(limits->proc);
	free(limits);
}

/* ---- looks */

void limits__begin_look(struct limits *limits)
{
	if (limits->count > 2 * limits->used + IDLE_MAX)
		forget_all(limits);
	if (limits->unknown && index_map__count(limits->unknown)) {
		index_map__free(limits->unknown);
		limits->unknown = index_map__new();
	}
	limits->used = 0;
	limits->look++;
}

/* The folder of a cgroup, malloc'ed; NULL if it is not below what is mounted, or memory is short. */
static char *folder_of(const struct limits *limits, const char *path, size_t length)
{
	size_t root = strlen(limits->root);
	char *folder;

	if (length < root || strncmp(path, limits->root, root) != 0)
		return NULL;
	if (asprintf(&folder, "%s%.*s", limits->point, (int)(length - root), path + root) < 0)
		return NULL;
	return folder;
}

static uint64_t inode_of(const struct limits *limits, const char *path, size_t length)
{
	char *folder = folder_of(limits, path, length);
	struct stat st = {0};

	if (folder && stat(folder, &st))
		st.st_ino = 0;
	free(folder);
	return st.st_ino;
}

/* The path without its last part; the root's, of length 0, has none above it. */
static size_t parent_length(const char *path, size_t length)
{
	while (length && path[length - 1] != '/')
		length--;
	return length ? length - 1 : 0;
}

static int add_node(struct limits *limits, const char *path, size_t length, uint64_t inode, int parent)
{
	struct limits_cgroup cgroup = {.path = length ? strndup(path, length) : strdup("/"), .parent = parent};
	struct node node = {.inode = inode};
	size_t nodes = limits->count;

	if (!cgroup.path || !array__push(limits->nodes, nodes, limits->node_capacity, node) ||
	    !array__push(limits->cgroups, limits->count, limits->capacity, cgroup)) {
		free((char *)cgroup.path);
		return LIMITS_NONE;
	}
	if (limits->by_inode)
		index_map__put(limits->by_inode, inode, (uint32_t)(limits->count - 1));
	return (int)limits->count - 1;
}

/* From the root down, what is not known yet. */
static int add_path(struct limits *limits, const char *path, size_t length)
{
	int index = LIMITS_NONE;
	size_t end = 0;

	for (;;) {
		uint64_t inode = inode_of(limits, path, end);
		uint32_t known = inode && limits->by_inode ? index_map__get(limits->by_inode, inode) : INDEX_MAP_NONE;

		if (known != INDEX_MAP_NONE)
			index = (int)known;
		else if (inode)
			index = add_node(limits, path, end, inode, index);
		if (end >= length)
			return index;
		end += 1 + strcspn(path + end + 1, "/");
		if (end > length)
			end = length;
	}
}

/*
 * `inode` 0: whichever it is in.
 *
 * In version 2 a process may be in a cgroup without the memory controller: then it is one above it that is charged. In
 * version 1 it may have moved since it was seen.
 */
static int find_new(struct limits *limits, uint64_t inode, pid_t pid)
{
	char name[32], *text;
	const char *path;
	size_t length;
	int index = LIMITS_NONE;

	snprintf(name, sizeof(name), "%d/cgroup", (int)pid);
	if (read_text(limits->proc, "/", name, &text))
		return LIMITS_NONE;
	path = cgroup__path_in(text, limits->v2 ? NULL : "memory", &length);
	if (path && length == 1) /* "/" */
		length = 0;
	while (path && length && inode && inode_of(limits, path, length) != inode)
		length = parent_length(path, length);
	if (path && (!inode || inode_of(limits, path, length) == inode))
		index = add_path(limits, path, length);
	free(text);
	return index;
}

static uint64_t read_used(const struct limits *limits, const char *folder)
{
	uint64_t used = 0, idle = 0;
	char *text;

	if (!read_text(folder, "/", limits->v2 ? "memory.current" : "memory.usage_in_bytes", &text)) {
		limits__parse_limit(text, &used);
		free(text);
	}
	if (!read_text(folder, "/", "memory.stat", &text)) {
		idle = limits__parse_word(text, limits->v2 ? "inactive_file" : "total_inactive_file");
		free(text);
	}
	return used > idle ? used - idle : 0;
}

static void read_figures(const struct limits *limits, struct limits_cgroup *cgroup)
{
	char *folder = folder_of(limits, strcmp(cgroup->path, "/") != 0 ? cgroup->path : "",
				 strcmp(cgroup->path, "/") != 0 ? strlen(cgroup->path) : 0);
	char *text;

	cgroup->limit_bytes = cgroup->used_bytes = 0;
	if (folder && !read_text(folder, "/", limits->v2 ? "memory.max" : "memory.limit_in_bytes", &text)) {
		limits__parse_limit(text, &cgroup->limit_bytes);
		free(text);
	}
	if (folder && cgroup->limit_bytes)
		cgroup->used_bytes = read_used(limits, folder);
	free(folder);
}

/* Reads the figures of a cgroup and of those above it, once in a look. */
static void use(struct limits *limits, int index)
{
	for (int i = index; i >= 0 && limits->nodes[i].look != limits->look; i = limits->cgroups[i].parent) {
		limits->nodes[i].look = limits->look;
		read_figures(limits, &limits->cgroups[i]);
		limits->used++;
	}
}

int limits__find_process(struct limits *limits, pid_t pid)
{
	int index = limits->point ? find_new(limits, 0, pid) : LIMITS_NONE;

	use(limits, index);
	return index;
}

int limits__find(struct limits *limits, uint64_t inode, pid_t pid)
{
	uint32_t known = limits->by_inode ? index_map__get(limits->by_inode, inode) : INDEX_MAP_NONE;
	int index = (int)known;

	if (!limits->point || !inode)
		return LIMITS_NONE;
	if (known == INDEX_MAP_NONE) {
		if (limits->unknown && index_map__get(limits->unknown, inode) != INDEX_MAP_NONE)
			return LIMITS_NONE;
		index = find_new(limits, inode, pid);
		if (index < 0 && limits->unknown)
			index_map__put(limits->unknown, inode, 1);
	}
	use(limits, index);
	return index;
}

const struct limits_cgroup *limits__cgroups(struct limits *limits, size_t *count)
{
	*count = limits->count;
	return limits->cgroups;
}

int limits__machine(const struct limits *limits, uint64_t *total, uint64_t *available)
{
	char *text;
	int code = read_text(limits->proc, "/", "meminfo", &text);

	if (code)
		return code;
	*total = limits__parse_word(text, "MemTotal") * 1024;
	*available = limits__parse_word(text, "MemAvailable") * 1024;
	free(text);
	return 0;
}
