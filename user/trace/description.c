/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/description.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/file.h"
#include "lib/json_value.h"

enum { SIZE_MAX_BYTES = 64 << 20 };

static void path_of(char *path, size_t size, pid_t pid)
{
	snprintf(path, size, "/run/memtrawl/%d.json", pid);
}

/* ---- writing */

static json_t *module_of(const struct module *module)
{
	json_t *object = json_object();

	json_object_set_new(object, "start", json_integer((json_int_t)module->start));
	json_object_set_new(object, "limit", json_integer((json_int_t)module->limit));
	json_object_set_new(object, "offset", json_integer((json_int_t)module->offset));
	json_object_set_new(object, "device", json_integer((json_int_t)module->device));
	json_object_set_new(object, "inode", json_integer((json_int_t)module->inode));
	json_object_set_new(object, "era", json_integer(module->era));
	json_object_set_new(object, "path", json_value__text(module->path));
	json_object_set_new(object, "build_id", json_value__text(module->build_id));
	return object;
}

static json_t *process_of(const struct tracked *tracked)
{
	const struct process *process = tracked->process;
	json_t *object = json_object(), *modules = json_array();

	json_object_set_new(object, "slot", json_integer(tracked->slot));
	json_object_set_new(object, "pid", json_integer(process->pid));
	json_object_set_new(object, "start_ticks", json_integer((json_int_t)process->start_ticks));
	json_object_set_new(object, "start_time_ns", json_integer(process->start_time_ns));
	json_object_set_new(object, "comm", json_value__text(process->comm));
	json_object_set_new(object, "exe", json_value__text(process->exe));
	json_object_set_new(object, "cmdline", json_value__text(process->cmdline));
	json_object_set_new(object, "build_id", json_value__text(process->build_id));
	for (size_t i = 0; i < tracked->modules.count; i++)
		json_array_append_new(modules, module_of(&tracked->modules.modules[i]));
	json_object_set_new(object, "modules", modules);
	json_object_set_new(object, "era", json_integer(tracked->modules.era));
	return object;
}

int description__save(const struct session *session, struct error *err)
{
	json_t *root = json_object(), *processes = json_array();
	char path[64], *text;
	int code;

	json_object_set_new(root, "schema", json_string("memtrawl.session/1"));
	for (size_t i = 0; i < session->count; i++)
		json_array_append_new(processes, process_of(session->tracked[i]));
	json_object_set_new(root, "processes", processes);
	json_object_set_new(root, "note", json_value__text(session->note));
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	if (!text)
		return error__set(err, -1, "out of memory");
	path_of(path, sizeof(path), session->tracked[0]->process->pid);
	code = file__replace(path, text, strlen(text), 0600, err);
	free(text);
	return code;
}

void description__remove(pid_t pid)
{
	char path[64];

	path_of(path, sizeof(path), pid);
	unlink(path);
}

/* ---- reading */

static char *text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? strdup(text) : NULL;
}

static uint64_t count_at(const json_t *object, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(object, key));
}

static void recall_module(struct modules *modules, const json_t *object)
{
	struct module module = {
		.start = count_at(object, "start"),
		.limit = count_at(object, "limit"),
		.offset = count_at(object, "offset"),
		.device = count_at(object, "device"),
		.inode = count_at(object, "inode"),
		.era = (uint16_t)count_at(object, "era"),
		.path = text_at(object, "path"),
		.build_id = text_at(object, "build_id"),
		.fd = -1,
	};

	if (!array__push(modules->modules, modules->count, modules->capacity, module)) {
		free(module.path);
		free(module.build_id);
		return;
	}
	if (module.era > modules->era_last)
		modules->era_last = module.era;
}

static void replace(char **text, char *with)
{
	if (!with)
		return;
	free(*text);
	*text = with;
}

static void recall_process(struct tracked *tracked, const json_t *object)
{
	struct process *process = tracked->process;
	const json_t *module;
	size_t i;

	if (count_at(object, "pid") != (uint64_t)process->pid)
		return;
	if (process->proc_fd < 0) {
		process->start_ticks = count_at(object, "start_ticks");
		process->start_time_ns = (int64_t)count_at(object, "start_time_ns");
		replace(&process->comm, text_at(object, "comm"));
		replace(&process->exe, text_at(object, "exe"));
		replace(&process->cmdline, text_at(object, "cmdline"));
		replace(&process->build_id, text_at(object, "build_id"));
	}
	modules__free(&tracked->modules);
	json_array_foreach (json_object_get(object, "modules"), i, module)
		recall_module(&tracked->modules, module);
	tracked->modules.era = (uint16_t)count_at(object, "era");
	/* what came since it was written */
	if (process->proc_fd >= 0)
		modules__update(&tracked->modules, process, &tracked->maps);
}

void description__load(struct session *session, pid_t pid)
{
	const json_t *object;
	char path[64], *text;
	size_t size, i;
	json_t *root;

	path_of(path, sizeof(path), pid);
	if (file__read(AT_FDCWD, path, SIZE_MAX_BYTES, &text, &size))
		return;
	root = json_loadb(text, size, 0, NULL);
	free(text);
	json_array_foreach (json_object_get(root, "processes"), i, object)
		for (size_t j = 0; j < session->count; j++)
			if (session->tracked[j]->slot == count_at(object, "slot"))
				recall_process(session->tracked[j], object);
	replace(&session->note, text_at(root, "note"));
	json_decref(root);
}
