/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/modules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/array.h"
#include "target/elf_file.h"

void modules__free(struct modules *modules)
{
	for (size_t i = 0; i < modules->count; i++) {
		free(modules->modules[i].path);
		free(modules->modules[i].build_id);
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

/* Of the same file if that was seen already, else read from it; NULL where it has none or cannot be read. */
static char *find_build_id(const struct modules *modules, const struct process *process, const struct mapping *mapping)
{
	struct elf_file *file = NULL;
	char *build_id = NULL;
	int fd;

	if (!mapping->inode)
		return NULL;
	for (size_t i = 0; i < modules->count; i++)
		if (same_file(&modules->modules[i], mapping))
			return modules->modules[i].build_id ? strdup(modules->modules[i].build_id) : NULL;
	fd = maps__open_file(process, mapping);
	if (fd < 0)
		return NULL;
	if (!elf_file__open(fd, mapping->path ? mapping->path : "?", &file, NULL) && elf_file__build_id(file))
		build_id = strdup(elf_file__build_id(file));
	elf_file__free(file);
	close(fd);
	return build_id;
}

int modules__update(struct modules *modules, const struct process *process, const struct maps *maps)
{
	for (size_t i = 0; i < maps->count; i++) {
		const struct mapping *mapping = &maps->mappings[i];
		struct module module = {.start = mapping->start,
					.limit = mapping->limit,
					.offset = mapping->offset,
					.device = mapping->device,
					.inode = mapping->inode};

		if (!mapping->executable || is_known(modules, mapping))
			continue;
		module.path = mapping->path ? strdup(mapping->path) : NULL;
		module.build_id = find_build_id(modules, process, mapping);
		if (!array__push(modules->modules, modules->count, modules->capacity, module)) {
			free(module.path);
			free(module.build_id);
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
		if (!array__push(modules->modules, modules->count, modules->capacity, module)) {
			free(module.path);
			free(module.build_id);
			return -ENOMEM;
		}
	}
	return 0;
}
