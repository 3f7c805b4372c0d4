/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/allocators.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/array.h"

void allocators__free(struct allocators *allocators)
{
	for (size_t i = 0; i < allocators->count; i++)
		alloc_object__free(&allocators->objects[i]);
	free(allocators->objects);
	free(allocators->others);
	free(allocators->unreadable);
	memset(allocators, 0, sizeof(*allocators));
}

bool allocators__any(const struct allocators *allocators)
{
	for (size_t i = 0; i < allocators->count; i++)
		for (size_t j = 0; j < allocators->objects[i].count; j++)
			if (allocators->objects[i].functions[j].signature.class < MT_CLASS_FREE)
				return true;
	return false;
}

const struct alloc_object *allocators__find(const struct allocators *allocators, uint64_t device, uint64_t inode)
{
	for (size_t i = 0; i < allocators->count; i++)
		if (allocators->objects[i].device == device && allocators->objects[i].inode == inode)
			return &allocators->objects[i];
	return NULL;
}

static int read_object(const struct process *process, const struct mapping *mapping, const struct alloc_spec *specs,
		       size_t spec_count, struct alloc_object *object, uint64_t *specs_found, struct error *err)
{
	int fd = maps__open_file(process, mapping), code;

	if (fd < 0)
		return error__set(err, fd, "cannot open %s of PID %d: %s", mapping->path, process->pid,
				  error__reason(fd));
	code = alloc_object__read(fd, mapping->path, specs, spec_count, object, specs_found, err);
	close(fd);
	return code;
}

static int add_object(const struct process *process, const struct mapping *mapping, const struct alloc_spec *specs,
		      size_t spec_count, struct allocators *allocators, struct error *err)
{
	struct alloc_object object = {.functions = NULL};
	uint64_t specs_found = 0;
	int code = read_object(process, mapping, specs, spec_count, &object, &specs_found, err);

	allocators->specs_found |= specs_found;
	if (code || !object.count) {
		const struct alloc_other_file other = {.device = mapping->device, .inode = mapping->inode};

		alloc_object__free(&object);
		if (!code &&
		    !array__push(allocators->others, allocators->other_count, allocators->other_capacity, other))
			code = error__set(err, -ENOMEM, "out of memory");
		return code;
	}
	object.device = mapping->device;
	object.inode = mapping->inode;
	object.start = mapping->start;
	object.path = strdup(mapping->path);
	if (!object.path || !array__push(allocators->objects, allocators->count, allocators->capacity, object)) {
		alloc_object__free(&object);
		return error__set(err, -ENOMEM, "out of memory");
	}
	return 0;
}

/* Was a mapping of the same file seen before `mapping`? */
static bool seen_before(const struct maps *maps, const struct mapping *mapping)
{
	for (const struct mapping *m = maps->mappings; m < mapping; m++)
		if (m->executable && m->device == mapping->device && m->inode == mapping->inode)
			return true;
	return false;
}

/* What was found in the file before goes over to `to`. 0: nothing is known of it. 1, or -ENOMEM. */
static int take_over(struct allocators *from, const struct mapping *mapping, struct allocators *to)
{
	for (size_t i = 0; i < from->count; i++) {
		struct alloc_object *object = &from->objects[i];

		if (object->device != mapping->device || object->inode != mapping->inode)
			continue;
		object->start = mapping->start;
		if (!array__push(to->objects, to->count, to->capacity, *object))
			return -ENOMEM;
		memset(object, 0, sizeof(*object));
		return 1;
	}
	for (size_t i = 0; i < from->other_count; i++) {
		const struct alloc_other_file *other = &from->others[i];

		if (other->device != mapping->device || other->inode != mapping->inode)
			continue;
		return array__push(to->others, to->other_count, to->other_capacity, *other) ? 1 : -ENOMEM;
	}
	return 0;
}

int allocators__discover(const struct process *process, const struct maps *maps, const struct alloc_spec *specs,
			 size_t spec_count, struct allocators *allocators, struct error *err)
{
	memset(allocators, 0, sizeof(*allocators));
	return allocators__renew(process, maps, specs, spec_count, allocators, err);
}

int allocators__renew(const struct process *process, const struct maps *maps, const struct alloc_spec *specs,
		      size_t spec_count, struct allocators *allocators, struct error *err)
{
	struct allocators before = *allocators;
	struct error reason = {0};
	int code = 0;

	*allocators = (struct allocators){.specs_found = before.specs_found};
	for (size_t i = 0; i < maps->count; i++) {
		const struct mapping *mapping = &maps->mappings[i];

		if (!mapping->executable || !mapping->inode || !mapping->path || mapping->path[0] != '/' ||
		    seen_before(maps, mapping))
			continue;
		code = take_over(&before, mapping, allocators);
		if (!code)
			code = add_object(process, mapping, specs, spec_count, allocators, &reason);
		if (code == -ENOMEM)
			break;
		if (code < 0) {
			free(allocators->unreadable);
			allocators->unreadable = strdup(reason.text);
		}
		code = 0;
	}
	allocators__free(&before);
	if (code) {
		allocators__free(allocators);
		return error__set(err, code, "out of memory");
	}
	return 0;
}
