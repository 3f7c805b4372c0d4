/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/pin.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/file.h"
#include "lib/slice.h"
#include "trace/budget.h"
#include "trace/description.h"
#include "trace/iterators.h"
#include "trace/kept_looks.h"

#define BPFFS       "/sys/fs/bpf"
#define BPFFS_MAGIC 0xcafe4a11 /* include/uapi/linux/magic.h */

/* ---- directories */

static int make_directory(const char *path, struct error *err)
{
	if (mkdir(path, 0700) && errno != EEXIST)
		return error__set(err, -errno, "cannot make %s: %s", path, error__reason(errno));
	return 0;
}

static int mount_bpffs(struct error *err)
{
	struct statfs fs;

	if (!statfs(BPFFS, &fs) && (unsigned int)fs.f_type == BPFFS_MAGIC)
		return 0;
	if (mount("bpf", BPFFS, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700"))
		return error__set(err, -errno, "cannot mount bpffs: %s: run `mount -t bpf bpf " BPFFS "`",
				  error__reason(errno));
	return 0;
}

static void path_of(char *path, size_t size, pid_t pid)
{
	snprintf(path, size, PIN_DIRECTORY "/%d", pid);
}

/* ---- pinning */

static int pin_object(int fd, const char *directory, const char *prefix, const char *name, struct error *err)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s%s", directory, prefix, name);
	if (bpf_obj_pin(fd, path))
		return error__set(err, -errno, "cannot pin %s: %s", path, error__reason(errno));
	return 0;
}

static int pin_links(struct links *links, const char *directory, struct error *err)
{
	int code = 0;

	for (size_t i = 0; !code && i < links->count; i++)
		if (!links->links[i].pin)
			code = link__pin(&links->links[i], directory, err);
	return code;
}

static int pin_all(struct session *session, const char *directory, struct error *err)
{
	const int *maps = (const int *)&session->maps;
	int code = 0;

	for (int i = 0; !code && i < SESSION_MAPS; i++)
		if (maps[i] >= 0)
			code = pin_object(maps[i], directory, "", session_maps__name(i), err);
	for (int i = 0; !code && i < PROGRAM_COUNT; i++)
		if (session->programs.fds[i] >= 0)
			code = pin_object(session->programs.fds[i], directory, "prog_", programs__name((enum program)i),
					  err);
	if (!code)
		code = pin_links(&session->links, directory, err);
	for (size_t i = 0; !code && i < session->count; i++)
		code = pin_links(&session->tracked[i]->links, directory, err);
	if (!code)
		iterators__pin(session, directory); /* without it, all else works */
	return code;
}

/* The pins have been renamed with their directory: links must know where theirs are, to remove them. */
static int move_links(struct links *links, const char *directory, struct error *err)
{
	for (size_t i = 0; i < links->count; i++) {
		char *path = NULL, *name = links->links[i].pin ? strrchr(links->links[i].pin, '/') : NULL;

		if (!name)
			continue;
		if (asprintf(&path, "%s%s", directory, name) < 0)
			return error__set(err, -ENOMEM, "out of memory");
		free(links->links[i].pin);
		links->links[i].pin = path;
	}
	return 0;
}

static int settle(struct session *session, const char *directory, struct error *err)
{
	int code = move_links(&session->links, directory, err);

	for (size_t i = 0; !code && i < session->count; i++)
		code = move_links(&session->tracked[i]->links, directory, err);
	if (code)
		return code;
	session->pins = strdup(directory);
	return session->pins ? 0 : error__set(err, -ENOMEM, "out of memory");
}

int session__pin(struct session *session, struct error *err)
{
	pid_t pid = session->tracked[0]->process->pid;
	char made[PATH_MAX], final[PATH_MAX];
	int code;

	path_of(final, sizeof(final), pid);
	snprintf(made, sizeof(made), PIN_DIRECTORY "/new_%d_%d", pid, getpid());
	code = mount_bpffs(err);
	if (!code)
		code = make_directory(PIN_DIRECTORY, err);
	if (!code && !access(final, F_OK))
		return error__set(err, -EBUSY, "PID %d has a session already: see `memtrawl status -p %d`", pid, pid);
	if (!code)
		code = make_directory(made, err);
	if (!code)
		code = pin_all(session, made, err);
	if (!code && rename(made, final))
		code = error__set(err, -errno, "cannot rename %s to %s: %s", made, final, error__reason(errno));
	if (code) {
		file__remove_directory(made);
		return code;
	}
	return settle(session, final, err);
}

int session__pin_new_links(struct session *session, struct error *err)
{
	int code = 0;

	for (size_t i = 0; session->pins && !code && i < session->count; i++)
		code = pin_links(&session->tracked[i]->links, session->pins, err);
	return code;
}

/* The maps of another build's session have other sizes, or other fields. */
static bool is_of_another_build(const char *path)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info), key = 0;
	struct mt_session shared;
	char name[PATH_MAX];
	bool ours;
	int fd;

	snprintf(name, sizeof(name), "%s/session", path);
	fd = bpf_obj_get(name);
	if (fd < 0)
		return false;
	ours = !bpf_map_get_info_by_fd(fd, &info, &size) && info.value_size == sizeof(shared) &&
	       !bpf_map_lookup_elem(fd, &key, &shared) && shared.build == programs__build();
	close(fd);
	return !ours;
}

/* Does the session pinned in that directory follow the process? Its `targets` map has the living, `processes` all. */
static bool follows(const char *path, pid_t pid)
{
	char name[PATH_MAX];
	struct mt_process entry;
	bool found = false;
	int fd;

	if (is_of_another_build(path))
		return false;
	snprintf(name, sizeof(name), "%s/processes", path);
	fd = bpf_obj_get(name);
	for (uint32_t slot = 0; fd >= 0 && !found && slot < MT_SLOTS_MAX; slot++)
		found = !bpf_map_lookup_elem(fd, &slot, &entry) && entry.state != MT_PROCESS_FREE &&
			entry.tgid == (uint32_t)pid;
	if (fd >= 0)
		close(fd);
	return found;
}

pid_t pin__find(pid_t pid)
{
	pid_t *pids = NULL, found = 0;
	char path[PATH_MAX];
	size_t count = 0;

	if (pin__exists(pid))
		return pid;
	if (pin__list(&pids, &count, NULL))
		return 0;
	for (size_t i = 0; !found && i < count; i++) {
		path_of(path, sizeof(path), pids[i]);
		if (follows(path, pid))
			found = pids[i];
	}
	free(pids);
	return found;
}

bool pin__exists(pid_t pid)
{
	char path[PATH_MAX];

	path_of(path, sizeof(path), pid);
	return !access(path, F_OK);
}

int pin__remove(pid_t pid, struct error *err)
{
	char path[PATH_MAX];

	description__remove(pid);
	kept_looks__remove(pid);
	path_of(path, sizeof(path), pid);
	if (access(path, F_OK))
		return 0;
	file__remove_directory(path);
	if (!access(path, F_OK))
		return error__set(err, -EIO, "cannot remove all of %s", path);
	return 0;
}

/* ---- opening */

static bool is_optional(const struct session_maps *maps, const int *map)
{
	return map == &maps->buckets || map == &maps->live || map >= &maps->regions;
}

static int open_fds(struct session *session, const char *directory)
{
	int *maps = (int *)&session->maps;
	char path[PATH_MAX];

	for (int i = 0; i < SESSION_MAPS; i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, session_maps__name(i));
		maps[i] = bpf_obj_get(path);
		if (maps[i] < 0 && !is_optional(&session->maps, &maps[i]))
			return maps[i];
	}
	if (session->maps.buckets < 0 && session->maps.live < 0) /* there is one of them */
		return session->maps.live;
	for (int i = 0; i < PROGRAM_COUNT; i++) {
		snprintf(path, sizeof(path), "%s/prog_%s", directory, programs__name((enum program)i));
		session->programs.fds[i] = bpf_obj_get(path);
	}
	return 0;
}

static void recall_options(struct session *session)
{
	const struct mt_session *shared = session->shared;

	session->rung = shared->rung < RUNG_COUNT ? (enum rung)shared->rung : RUNG_PERF;
	session->options = (struct session_options){
		.period = shared->period,
		.adaptive = shared->adaptive,
		.max_overhead = shared->max_overhead / 100.0,
		.frames = shared->frames,
		.unwind = (enum mt_unwind_mode)shared->unwind,
		.live_max = (uint32_t)shared->live_capacity,
		.follow_forks = shared->follow_forks,
		.count_details = shared->count_details,
		.mappings = session->maps.regions >= 0,
		.heap = !shared->without_heap,
		.pages = session->maps.pages >= 0,
	};
}

/* A process of the session, alive or not: of one that is gone the pid is known, and what was saved of its files. */
static struct tracked *recall_process(const struct session *session, uint32_t slot)
{
	const struct mt_process *entry = &session->processes[slot];
	struct tracked *tracked = calloc(1, sizeof(*tracked));

	if (!tracked)
		return NULL;
	tracked->slot = slot;
	tracked->generation = entry->generation;
	tracked->ended = entry->state == MT_PROCESS_EXITED;
	tracked->exit_code = entry->exit_code;
	if (process__open((pid_t)entry->tgid, &tracked->process, NULL) ||
	    tracked->process->start_boot_ns / 10000000 != entry->start_ns / 10000000) {
		process__free(tracked->process);
		tracked->process = process__gone((pid_t)entry->tgid);
		tracked->ended = true;
	} else if (!maps__read(tracked->process, &tracked->maps, NULL)) {
		modules__update(&tracked->modules, tracked->process, &tracked->maps);
		process__rss(tracked->process, &tracked->rss);
	}
	if (!tracked->process) {
		free(tracked);
		return NULL;
	}
	return tracked;
}

static int recall_processes(struct session *session, struct error *err)
{
	for (uint32_t slot = 0; slot < MT_SLOTS_MAX; slot++) {
		struct tracked *tracked;

		if (session->processes[slot].state == MT_PROCESS_FREE)
			continue;
		tracked = recall_process(session, slot);
		if (!tracked || !array__push(session->tracked, session->count, session->capacity, tracked)) {
			tracked__free(tracked);
			return error__set(err, -ENOMEM, "out of memory");
		}
	}
	return session->count ? 0 : error__set(err, -ENOENT, "the session has no process");
}

int session__open_pinned(pid_t pid, struct session **result, struct error *err)
{
	struct session *session;
	char path[PATH_MAX];
	int code;

	path_of(path, sizeof(path), pid);
	if (access(path, F_OK))
		return -ENOENT;
	if (is_of_another_build(path))
		return error__set(
			err, -EPROTO,
			"the session of PID %d was begun by another build of memtrawl, whose maps this one cannot "
			"read: use that build, or end the session with `memtrawl stop -p %d`",
			pid, pid);
	session = session__allocate();
	if (!session)
		return error__set(err, -ENOMEM, "out of memory");
	code = open_fds(session, path);
	if (code)
		error__set(err, code, "cannot open the session at %s: %s: `memtrawl stop -p %d` removes it", path,
			   error__reason(code), pid);
	if (!code)
		code = session__map_arrays(session, err);
	if (!code) {
		recall_options(session);
		session->follow_exec = true;
		code = recall_processes(session, err);
		description__load(session, pid);
	}
	if (code) {
		session__free(session);
		return code;
	}
	*result = session;
	return 0;
}

/* ---- taking over */

static int kind_of(const char *name)
{
	static const char *const kinds[] = {"link_alloc_", "link_realloc_", "link_free_",  "link_loader_",
					    "link_jump_",  "link_event_",   "link_remap_", "link_activity_"};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strncmp(name, kinds[i], strlen(kinds[i])))
			return (int)i;
	return -1;
}

static int recall_links(struct session *session, const char *path, struct error *err)
{
	struct links *links = &session->tracked[0]->links;
	DIR *directory = opendir(path);
	const struct dirent *entry;
	int code = 0;

	while (directory && !code && (entry = readdir(directory))) {
		struct link link = {.fd = -1};
		int kind = kind_of(entry->d_name);

		if (kind < 0)
			continue;
		link.kind = (enum link_kind)kind;
		if (asprintf(&link.pin, "%s/%s", path, entry->d_name) < 0)
			code = error__set(err, -ENOMEM, "out of memory");
		else if ((link.fd = bpf_obj_get(link.pin)) < 0 ||
			 !array__push(links->links, links->count, links->capacity, link))
			code = error__set(err, -EIO, "cannot take over %s", link.pin);
	}
	if (directory)
		closedir(directory);
	return code;
}

int session__adopt(struct session *session, struct error *err)
{
	struct tracked *first = session->tracked[0];
	char path[PATH_MAX];
	int code;

	path_of(path, sizeof(path), first->process->pid);
	code = recall_links(session, path, err);
	/* what is attached to is what there is to attach to: only files that come later are new */
	for (size_t i = 0; !code && i < session->count; i++) {
		struct tracked *tracked = session->tracked[i];

		if (!tracked->ended)
			code = allocators__discover(tracked->process, &tracked->maps, NULL, 0, &tracked->allocators,
						    err);
		if (!code && tracked__note_attached(tracked))
			code = error__set(err, -ENOMEM, "out of memory");
	}
	if (!code)
		code = session__open_events(session, err);
	if (!code)
		code = budget__new(session, &session->budget, err);
	if (code)
		return code;
	budget__begin(session->budget);
	slice__shorten();
	session->pins = strdup(path);
	return session->pins ? 0 : error__set(err, -ENOMEM, "out of memory");
}

/* ---- housekeeping */

int pin__list(pid_t **pids, size_t *count, struct error *err)
{
	DIR *directory = opendir(PIN_DIRECTORY);
	const struct dirent *entry;
	size_t capacity = 0;

	*pids = NULL;
	*count = 0;
	while (directory && (entry = readdir(directory))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid <= 0)
			continue;
		if (!array__push(*pids, *count, capacity, pid)) {
			closedir(directory);
			free(*pids);
			return error__set(err, -ENOMEM, "out of memory");
		}
	}
	if (directory)
		closedir(directory);
	return 0;
}

void pin__sweep(void)
{
	DIR *directory = opendir(PIN_DIRECTORY);
	const struct dirent *entry;
	char path[PATH_MAX];
	int pid, maker;

	while (directory && (entry = readdir(directory))) {
		if (sscanf(entry->d_name, "new_%d_%d", &pid, &maker) != 2 || !kill(maker, 0))
			continue;
		snprintf(path, sizeof(path), PIN_DIRECTORY "/%s", entry->d_name);
		file__remove_directory(path);
	}
	if (directory)
		closedir(directory);
}
