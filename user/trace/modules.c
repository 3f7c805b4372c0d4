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

const struct module *modules__find(const struct modules *modules, uint64_t address)
{
	for (size_t i = modules->count; i-- > 0;)
		if (address >= modules->modules[i].start && address < modules->modules[i].limit)
			return &modules->modules[i];
	return NULL;
}

static bool same_file(const struct module *module, const struct mapping *mapping)
{
	return module->device == mapping->device && module->inode == mapping->inode;
}

static bool is_known(const struct modules *modules, const struct mapping *mapping)
{
	const struct module *module = modules__find(modules, mapping->start);

	return module && module->start == mapping->start && module->limit == mapping->limit &&
	       module->offset == mapping->offset && same_file(module, mapping);
}

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
	for (size_t i = 0; i < maps->count; i++) {
		const struct mapping *mapping = &maps->mappings[i];
		struct module module = {.start = mapping->start,
					.limit = mapping->limit,
					.offset = mapping->offset,
					.device = mapping->device,
					.inode = mapping->inode,
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

int modules__copy(struct modules *modules, const struct modules *from)
{
	for (size_t i = 0; i < from->count; i++) {
		struct module module = from->modules[i];

		module.path = module.path ? strdup(module.path) : NULL;
		module.build_id = module.build_id ? strdup(module.build_id) : NULL;
		module.fd = module.fd >= 0 ? fcntl(module.fd, F_DUPFD_CLOEXEC, 3) : -1;
		if (!array__push(modules->modules, modules->count, modules->capacity, module)) {
			free_module(&module);
			return -ENOMEM;
		}
	}
	return 0;
}
