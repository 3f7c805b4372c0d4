/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/array.h"
#include "target/elf_facts.h"

static void free_module(struct module *module)
{
	free(module->path);
	free(module->build_id);
	if (module->fd >= 0)
		close(module->fd);
}

void modules__free(struct modules *modules)
{
	for (size_t i = 0; i < modules->count; i++) {
		free_module(&modules->modules[i]);
	}
	free(modules->modules);
	memset(modules, 0, sizeof(*modules));
}

const struct module *modules__find(const struct modules *modules, uint64_t address, uint16_t era)
{
	const struct module *found = NULL;

	for (size_t i = modules->count; i-- > 0;) {
		const struct module *module = &modules->modules[i];

		if (address >= module->start && address < module->limit && module->era <= era &&
		    (!found || module->era > found->era))
			found = module;
	}
	return found;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

const struct module *modules__find_file(const struct modules *modules, uint64_t start, const char *path,
					const char *build_id)
{
	for (size_t i = modules->count; i-- > 0;) {
		const struct module *module = &modules->modules[i];

		if (module->start == start && same_text(module->path, path) && same_text(module->build_id, build_id))
			return module;
	}
	return NULL;
}

static bool same_file(const struct module *module, const struct mapping *mapping)
{
	return module->device == mapping->device && module->inode == mapping->inode;
}

static bool is_known(const struct modules *modules, const struct mapping *mapping)
{
	const struct module *module = modules__find(modules, mapping->start, modules->era);

	return module && module->start == mapping->start && module->limit == mapping->limit &&
	       module->offset == mapping->offset && same_file(module, mapping);
}

/* ---- eras */

/* Code that is made at run time comes and goes, and is one thing to us. */
static bool means_the_same(const struct module *module, const struct mapping *mapping)
{
	return same_file(module, mapping) &&
	       (!mapping->inode || module->start - module->offset == mapping->start - mapping->offset);
}

/* Is there an address in the mapping that means something else in that era? */
static bool contradicts(const struct modules *modules, const struct mapping *mapping, uint16_t era)
{
	const struct module *first = modules__find(modules, mapping->start, era);

	if (first && !means_the_same(first, mapping))
		return true;
	for (size_t i = 0; i < modules->count; i++) {
		uint64_t start = modules->modules[i].start;

		if (start <= mapping->start || start >= mapping->limit || modules->modules[i].era > era)
			continue;
		if (!means_the_same(modules__find(modules, start, era), mapping))
			return true;
	}
	return false;
}

static bool fits(const struct modules *modules, const struct maps *maps, uint16_t era)
{
	for (size_t i = 0; i < maps->count; i++)
		if (maps->mappings[i].executable && contradicts(modules, &maps->mappings[i], era))
			return false;
	return true;
}

static void choose_era(struct modules *modules, const struct maps *maps)
{
	uint16_t era = 0;

	if (fits(modules, maps, modules->era))
		return;
	while (era <= modules->era_last && !fits(modules, maps, era))
		era++;
	if (era > modules->era_last) {
		if (modules->era_last == UINT16_MAX - 1)
			return; /* from now on names may be those of the file that went */
		modules->era_last = era;
	}
	modules->era = era;
}

/* ---- files */

static bool is_same_file(const struct module *a, const struct module *b)
{
	return a->device == b->device && a->inode == b->inode;
}

/* Its build id, of the same file if that was seen already, else read from it; and the file, kept open. */
static void look_into_file(const struct modules *modules, const struct process *process, const struct mapping *mapping,
			   struct module *module)
{
	size_t open_count = 0;

	if (!mapping->inode)
		return;
	for (size_t i = 0; i < modules->count; i++) {
		const struct module *known = &modules->modules[i];

		open_count += known->fd >= 0;
		if (is_same_file(known, module)) {
			module->build_id = known->build_id ? strdup(known->build_id) : NULL;
			return;
		}
	}
	module->fd = maps__open_file(process, mapping);
	if (module->fd < 0)
		return;
	module->build_id = elf_facts__build_id(module->fd, mapping->path ? mapping->path : "?");
	if (open_count >= MODULES_OPEN_MAX) {
		close(module->fd);
		module->fd = -1;
	}
}

int modules__open(const struct modules *modules, const struct module *module)
{
	for (size_t i = 0; i < modules->count; i++) {
		const struct module *known = &modules->modules[i];

		if (known->fd >= 0 && module->inode && is_same_file(known, module)) {
			int fd = fcntl(known->fd, F_DUPFD_CLOEXEC, 3);

			return fd < 0 ? -errno : fd;
		}
	}
	return -ENOENT;
}

int modules__update(struct modules *modules, const struct process *process, const struct maps *maps)
{
	choose_era(modules, maps);
	for (size_t i = 0; i < maps->count; i++) {
		const struct mapping *mapping = &maps->mappings[i];
		struct module module = {.start = mapping->start,
					.limit = mapping->limit,
					.offset = mapping->offset,
					.device = mapping->device,
					.inode = mapping->inode,
					.era = modules->era,
					.fd = -1};

		if (!mapping->executable || is_known(modules, mapping))
			continue;
		module.path = mapping->path ? strdup(mapping->path) : NULL;
		look_into_file(modules, process, mapping, &module);
		if (!array__push(modules->modules, modules->count, modules->capacity, module)) {
			free_module(&module);
			return -ENOMEM;
		}
	}
	return 0;
}

int modules__copy(struct modules *modules, const struct modules *from, bool files)
{
	modules->era = from->era;
	modules->era_last = from->era_last;
	for (size_t i = 0; i < from->count; i++) {
		struct module module = from->modules[i];

		module.path = module.path ? strdup(module.path) : NULL;
		module.build_id = module.build_id ? strdup(module.build_id) : NULL;
		module.fd = files && module.fd >= 0 ? fcntl(module.fd, F_DUPFD_CLOEXEC, 3) : -1;
		if (!array__push(modules->modules, modules->count, modules->capacity, module)) {
			free_module(&module);
			return -ENOMEM;
		}
	}
	return 0;
}
