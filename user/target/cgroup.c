/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"

#define MOUNTINFO_MAX (64U << 20)
#define MOUNTS        "/sys/fs/cgroup"

struct cgroup {
	char *path;    /* from the root of its hierarchy; without a "/" at the end, so "" for the root itself */
	char *options; /* of a v1 mount: "rw,cpu,cpuacct"; "" for v2; NULL for any hierarchy */
};

/* Whether `list`, "a,b,c", has the item. */
static bool list_has(const char *list, const char *item, size_t length)
{
	for (const char *pos = list; *pos; pos += strcspn(pos, ","), pos += *pos == ',')
		if (strcspn(pos, ",") == length && strncmp(pos, item, length) == 0)
			return true;
	return false;
}

/* Whether `path` is `parent` or below it; `parent` has no "/" at its end. Returns what follows, or NULL. */
static const char *below(const char *path, size_t length, const char *parent)
{
	size_t parent_length = strlen(parent);

	if (length < parent_length || strncmp(path, parent, parent_length) != 0)
		return NULL;
	if (length > parent_length && path[parent_length] != '/')
		return NULL;
	return path + parent_length;
}

/* Undoes mountinfo's octal escapes of blank, tab, newline and backslash. */
static void unescape(char *text)
{
	char *out = text;

	for (const char *in = text; *in; out++) {
		unsigned int byte;

		if (in[0] == '\\' && sscanf(in + 1, "%3o", &byte) == 1 && byte && byte < 256) {
			*out = (char)byte;
			in += 4;
		} else {
			*out = *in++;
		}
	}
	*out = '\0';
}

static void cut_slashes(char *path)
{
	for (size_t length = strlen(path); length && path[length - 1] == '/'; length--)
		path[length - 1] = '\0';
}

static struct cgroup *new_cgroup(const char *root, const char *rest, const char *options)
{
	struct cgroup *cgroup = calloc(1, sizeof(*cgroup));

	if (!cgroup)
		return NULL;
	if (asprintf(&cgroup->path, "%s%s%s", root, *rest && *rest != '/' ? "/" : "", rest) < 0)
		cgroup->path = NULL;
	if (options)
		cgroup->options = strdup(options);
	if (!cgroup->path || (options && !cgroup->options)) {
		cgroup__free(cgroup);
		return NULL;
	}
	cut_slashes(cgroup->path);
	return cgroup;
}

/* "36 35 98:0 ROOT POINT OPTIONS TAGS... - TYPE SOURCE SUPER_OPTIONS", proc(5); blanks in the fields are escaped. */
bool cgroup_mount__parse(char *line, struct cgroup_mount *mount)
{
	char *fields[6], *type, *save = NULL, *rest = strstr(line, " - ");

	if (!rest)
		return false;
	*rest = '\0';
	for (size_t i = 0; i < 6; i++) {
		fields[i] = strtok_r(i ? NULL : line, " ", &save);
		if (!fields[i])
			return false;
	}
	type = strtok_r(rest + 3, " ", &save);
	if (!type || (strcmp(type, "cgroup") != 0 && strcmp(type, "cgroup2") != 0) || !strtok_r(NULL, " ", &save))
		return false;
	mount->options = strtok_r(NULL, " ", &save);
	if (!mount->options || strcmp(type, "cgroup2") == 0)
		mount->options = "";
	mount->root = fields[3];
	mount->point = fields[4];
	unescape(mount->root);
	unescape(mount->point);
	cut_slashes(mount->root);
	cut_slashes(mount->point);
	return true;
}

bool cgroup_mount__has(const struct cgroup_mount *mount, const char *controller)
{
	return list_has(mount->options, controller, strlen(controller));
}

/* Finds the hierarchy that is mounted closest above the path; none leaves *cgroup NULL. -ENOMEM only. */
static int find_mount(const char *path, const char *mountinfo, struct cgroup **cgroup)
{
	char *copy = strdup(mountinfo), *save = NULL;
	size_t longest = 0;
	int ret = 0;

	if (!copy)
		return -ENOMEM;
	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct cgroup_mount mount;
		const char *rest;

		if (!cgroup_mount__parse(line, &mount) || strlen(mount.point) < longest)
			continue;
		rest = below(path, strlen(path), mount.point);
		if (!rest)
			continue;
		longest = strlen(mount.point);
		cgroup__free(*cgroup);
		*cgroup = new_cgroup(mount.root, rest, mount.options);
		if (!*cgroup) {
			ret = -ENOMEM;
			break;
		}
	}
	free(copy);
	return ret;
}

int cgroup__parse(const char *path, const char *mountinfo, struct cgroup **cgroup, struct error *err)
{
	int ret = 0;

	*cgroup = NULL;
	if (path[0] == '/')
		ret = find_mount(path, mountinfo, cgroup);
	if (!ret && !*cgroup) {
		*cgroup = new_cgroup("", path, NULL);
		ret = *cgroup ? 0 : -ENOMEM;
	}
	if (ret)
		return error__set(err, ret, "cannot look for cgroup %s: out of memory", path);
	return 0;
}

int cgroup__open(const char *path, struct cgroup **cgroup, struct error *err)
{
	char *mountinfo = NULL, *real = NULL;
	bool mounted;
	size_t size;
	int ret;

	*cgroup = NULL;
	if (!path[0])
		return error__usage(err, "the cgroup's name is empty");
	ret = file__read(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &mountinfo, &size);
	if (ret)
		return error__set(err, ret, "cannot read /proc/self/mountinfo: %s", error__reason(ret));
	/* Joined v1 controllers are reached by symbolic links: cpu -> cpu,cpuacct. */
	mounted = below(path, strlen(path), MOUNTS) != NULL;
	if (mounted)
		real = realpath(path, NULL);
	if (mounted && !real)
		ret = error__set(err, -ENOENT, "no such cgroup: %s", path);
	else
		ret = cgroup__parse(real ? real : path, mountinfo, cgroup, err);
	free(real);
	free(mountinfo);
	return ret;
}

void cgroup__free(struct cgroup *cgroup)
{
	if (!cgroup)
		return;
	free(cgroup->path);
	free(cgroup->options);
	free(cgroup);
}

/* A line "NUMBER:CONTROLLERS:PATH"; v2 has no controllers, a named v1 hierarchy "name=...". Strings are not ended. */
struct place {
	const char *controllers, *path;
	size_t path_length;
};

static bool parse_place(const char *line, size_t length, struct place *place)
{
	const char *end = line + length;

	place->controllers = memchr(line, ':', length);
	if (!place->controllers)
		return false;
	place->controllers++;
	place->path = memchr(place->controllers, ':', (size_t)(end - place->controllers));
	if (!place->path)
		return false;
	place->path++;
	place->path_length = (size_t)(end - place->path);
	return true;
}

static bool line_matches(const struct cgroup *cgroup, const char *line, size_t length)
{
	struct place place;

	if (!parse_place(line, length, &place))
		return false;
	if (cgroup->options) {
		size_t first = strcspn(place.controllers, ",:");

		/* The controllers of a hierarchy are in no other: the first one tells. */
		if (cgroup->options[0] ? !first || !list_has(cgroup->options, place.controllers, first) : first != 0)
			return false;
	}
	return below(place.path, place.path_length, cgroup->path) != NULL;
}

/* "a,b,c:" has it. */
static bool controllers_have(const char *controllers, const char *wanted)
{
	for (size_t length; (length = strcspn(controllers, ",:")); controllers += length + 1) {
		if (length == strlen(wanted) && !strncmp(controllers, wanted, length))
			return true;
		if (controllers[length] == ':')
			break;
	}
	return false;
}

const char *cgroup__path_in(const char *text, const char *controller, size_t *path_length)
{
	for (const char *line = text; *line;) {
		size_t length = strcspn(line, "\n");
		struct place place;

		if (parse_place(line, length, &place) &&
		    (controller ? controllers_have(place.controllers, controller) : *place.controllers == ':')) {
			*path_length = place.path_length;
			return place.path;
		}
		line += length + (line[length] == '\n');
	}
	return NULL;
}

bool cgroup__contains(const struct cgroup *cgroup, const char *text)
{
	for (const char *line = text; *line;) {
		size_t length = strcspn(line, "\n");

		if (line_matches(cgroup, line, length))
			return true;
		line += length + (line[length] == '\n');
	}
	return false;
}
