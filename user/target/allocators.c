/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/allocators.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/array.h"
#include "target/elf_file.h"
#include "target/elf_imports.h"

enum { CODE_MAX = 64 << 10 }; /* no allocator's function is longer; what is, is treated as of unknown size */

static void free_object(struct alloc_object *object)
{
	for (size_t i = 0; i < object->count; i++)
		free(object->functions[i].name);
	free(object->functions);
	free(object->path);
	free(object->build_id);
}

void allocators__free(struct allocators *allocators)
{
	for (size_t i = 0; i < allocators->count; i++)
		free_object(&allocators->objects[i]);
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

uint64_t alloc_function__cookie(const struct alloc_function *function, uint32_t slot)
{
	const uint8_t *registers = function->site.registers;

	return (uint64_t)slot | (uint64_t)function->signature.class << MT_COOKIE_CLASS_SHIFT |
	       (uint64_t)registers[ALLOC_BLOCK] << MT_COOKIE_BLOCK_SHIFT |
	       (uint64_t)registers[ALLOC_SIZE] << MT_COOKIE_SIZE_SHIFT |
	       (uint64_t)registers[ALLOC_COUNT] << MT_COOKIE_COUNT_SHIFT |
	       (uint64_t)function->leaf << MT_COOKIE_LEAF_SHIFT |
	       (uint64_t)!function->site.emulated << MT_COOKIE_STEPPED_SHIFT;
}

/* ---- one object */

struct collector {
	struct alloc_object *object;
	const struct alloc_spec *specs;
	size_t spec_count;
	const char *path;
	bool has_dl_functions; /* glibc's dynamic loader, in ld.so or in a static program */
	bool has_malloc;       /* an allocator, not only a user of one */
	const char *kind;
	uint64_t specs_found;
};

/* What a symbol says about whose object it is. */
static const struct {
	const char *symbol, *kind;
} marks[] = {
	{"__libc_malloc", "glibc"},
	{"malloc_stats_print", "jemalloc"},
	{"je_malloc_stats_print", "jemalloc"},
	{"_rjem_malloc_stats_print", "jemalloc"},
	{"tc_malloc", "tcmalloc"},
	{"mi_malloc", "mimalloc"},
	{"__musl_libc", "musl"},
	{"__malloc_donate", "musl"},
	{"_mstart", "musl"},
	{"__asan_init", "asan"},
};

static enum alloc_family classify(struct collector *c, const struct elf_symbol *symbol,
				  struct alloc_signature *signature)
{
	enum alloc_family family;

	for (size_t i = 0; i < c->spec_count; i++) {
		if (alloc_spec__matches_object(&c->specs[i], c->path) && !strcmp(c->specs[i].function, symbol->name)) {
			*signature = c->specs[i].signature;
			c->specs_found |= i < 64 ? 1ULL << i : 0;
			return ALLOC_FAMILY_CUSTOM;
		}
	}
	family = alloc_names__find(symbol->name, signature);
	/* a local function that happens to be called "free" is not the allocator's */
	if (!symbol->global && family != ALLOC_FAMILY_PREFIX)
		return ALLOC_FAMILY_NONE;
	return family;
}

/* Of several names for one function, the shortest is the one that people know: free, not __libc_free. */
static int prefer_name(struct alloc_function *function, const char *name)
{
	char *copy;

	if (strlen(name) >= strlen(function->name))
		return 0;
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	free(function->name);
	function->name = copy;
	return 0;
}

static int collect(const struct elf_symbol *symbol, void *cookie)
{
	struct collector *c = cookie;
	struct alloc_object *object = c->object;
	struct alloc_function function = {.entry = symbol->offset, .address = symbol->address, .size = symbol->size};

	if (!strcmp(symbol->name, "_dl_allocate_tls"))
		c->has_dl_functions = true;
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (!strcmp(symbol->name, marks[i].symbol))
			c->kind = marks[i].kind;
	function.family = classify(c, symbol, &function.signature);
	if (function.family == ALLOC_FAMILY_NONE)
		return 0;
	if (!strcmp(symbol->name, "malloc"))
		c->has_malloc = true;
	for (size_t i = 0; i < object->count; i++)
		if (object->functions[i].entry == function.entry)
			return prefer_name(&object->functions[i], symbol->name);
	function.name = strdup(symbol->name);
	if (!function.name || !array__push(object->functions, object->count, object->capacity, function)) {
		free(function.name);
		return -ENOMEM;
	}
	return 0;
}

static void remove_function(struct alloc_object *object, size_t i)
{
	free(object->functions[i].name);
	object->count--;
	memmove(&object->functions[i], &object->functions[i + 1], (object->count - i) * sizeof(*object->functions));
}

/*
 * glibc's ld.so has a malloc for its own start; its rendezvous is all that is wanted of it. operator delete of a
 * library that is no allocator (libstdc++'s) calls free, which is probed. Its operator new calls malloc, but is probed
 * all the same: the caller that matters is that of new, which frame pointers do not tell from inside.
 */
static bool is_wanted(const struct collector *c, const struct alloc_function *function)
{
	bool is_loader = c->has_dl_functions && !c->kind; /* a static program has __libc_malloc too */

	if (function->family == ALLOC_FAMILY_JUMP)
		return c->spec_count && c->kind;
	if (is_loader)
		return function->family == ALLOC_FAMILY_LOADER || function->family == ALLOC_FAMILY_CUSTOM;
	return function->family != ALLOC_FAMILY_CXX || c->has_malloc || function->signature.class != MT_CLASS_FREE;
}

static void drop_unwanted(struct collector *c)
{
	for (size_t i = c->object->count; i-- > 0;)
		if (!is_wanted(c, &c->object->functions[i]))
			remove_function(c->object, i);
}

struct code {
	uint8_t bytes[CODE_MAX];
	size_t size;
	bool whole;
};

static void read_code(const struct elf_file *file, const struct alloc_function *function, struct code *code)
{
	size_t wanted = function->size && function->size <= sizeof(code->bytes) ? function->size : 256;

	code->size = elf_file__read(file, function->entry, code->bytes, wanted);
	code->whole = function->size && code->size == function->size;
}

static struct alloc_function *function_at(struct alloc_object *object, uint64_t address)
{
	for (size_t i = 0; i < object->count; i++)
		if (object->functions[i].address == address)
			return &object->functions[i];
	return NULL;
}

/* ---- which functions end up in which */

struct named_address {
	const char *name;
	uint64_t address;
};

static int match_name(const struct elf_symbol *symbol, void *cookie)
{
	struct named_address *wanted = cookie;

	if (strcmp(symbol->name, wanted->name))
		return 0;
	wanted->address = symbol->address;
	return 1;
}

/* The probed function at `target`, or that a stub there leads to within the object itself. */
static struct alloc_function *function_behind(const struct elf_file *file, struct alloc_object *object, uint64_t target)
{
	struct alloc_function *function = function_at(object, target);
	struct named_address wanted = {.name = function ? NULL : elf_imports__stub(file, target)};

	if (wanted.name && elf_file__each_function(file, match_name, &wanted) == 1)
		function = function_at(object, wanted.address);
	return function;
}

/* Is the function only another name for a probed one of its class, one that jumps there straight away? */
static bool is_forwarder(const struct elf_file *file, struct alloc_object *object,
			 const struct alloc_function *function, struct code *code)
{
	const struct alloc_function *target;
	uint64_t address;

	read_code(file, function, code);
	if (!probe_site__forwards(code->bytes, code->size, function->address, &address))
		return false;
	target = function_behind(file, object, address);
	return target && target != function && target->signature.class == function->signature.class;
}

/* They would count each call twice. Two passes, because they may jump to one another. */
static void drop_forwarders(const struct elf_file *file, struct alloc_object *object, struct code *code)
{
	for (size_t i = 0; i < object->count; i++)
		object->functions[i].forwards = is_forwarder(file, object, &object->functions[i], code);
	for (size_t i = object->count; i-- > 0;)
		if (object->functions[i].forwards)
			remove_function(object, i);
}

struct branch_check {
	const struct elf_file *file;
	struct alloc_object *object;
	bool reaches_allocator;
};

static void check_branch(uint64_t target, void *cookie)
{
	struct branch_check *check = cookie;
	struct alloc_signature signature;
	const char *name;

	if (check->reaches_allocator)
		return;
	name = elf_imports__stub(check->file, target);
	check->reaches_allocator =
		function_at(check->object, target) ||
		(name && alloc_names__find(name, &signature) != ALLOC_FAMILY_NONE && signature.class < MT_CLASS_FREE);
}

/*
 * Known allocators' malloc calls nothing that is probed, unless it branches there directly. Of an unknown one (a
 * wrapper that hands on to the next allocator, a pool that refills itself) nothing is assumed.
 */
static bool is_leaf(const struct elf_file *file, struct alloc_object *object, const struct alloc_function *function,
		    const struct code *code)
{
	struct branch_check check = {.file = file, .object = object};

	if (!object->kind || function->family == ALLOC_FAMILY_CUSTOM || !code->whole ||
	    function->signature.class != MT_CLASS_ALLOC || !strcmp(object->kind, "asan"))
		return false;
	probe_site__each_branch(code->bytes, code->size, function->address, check_branch, &check);
	return !check.reaches_allocator;
}

static int choose_sites(const struct elf_file *file, struct alloc_object *object)
{
	struct code *code = malloc(sizeof(*code));

	if (!code)
		return -ENOMEM;
	drop_forwarders(file, object, code);
	for (size_t i = 0; i < object->count; i++) {
		struct alloc_function *function = &object->functions[i];

		read_code(file, function, code);
		probe_site__choose(code->bytes, code->size, function->address, code->whole,
				   function->signature.arguments, &function->site);
		function->leaf = is_leaf(file, object, function, code);
	}
	free(code);
	return 0;
}

static int fill_object(const struct process *process, const struct mapping *mapping, struct collector *c,
		       struct error *err)
{
	struct alloc_object *object = c->object;
	struct elf_file *file = NULL;
	const char *build_id;
	int fd, code;

	fd = maps__open_file(process, mapping);
	if (fd < 0)
		return error__set(err, fd, "cannot open %s of PID %d: %s", mapping->path, process->pid,
				  error__reason(fd));
	code = elf_file__open(fd, mapping->path, &file, err);
	close(fd);
	if (code)
		return code;
	code = elf_file__each_function(file, collect, c);
	drop_unwanted(c);
	object->kind = c->kind;
	if (!code && object->count)
		code = choose_sites(file, object);
	build_id = elf_file__build_id(file);
	if (!code && build_id) {
		object->build_id = strdup(build_id);
		if (!object->build_id)
			code = -ENOMEM;
	}
	elf_file__free(file);
	if (code)
		return error__set(err, code, "cannot look for allocators in %s: %s", mapping->path,
				  error__reason(code));
	if (!object->kind && !c->has_malloc && object->count && object->functions[0].family == ALLOC_FAMILY_CXX)
		object->kind = "C++ runtime";
	if (!object->kind && c->has_dl_functions)
		object->kind = "loader";
	if (!object->kind)
		object->kind =
			object->count && object->functions[0].family == ALLOC_FAMILY_CUSTOM ? "custom" : "allocator";
	return 0;
}

static int add_object(const struct process *process, const struct mapping *mapping, const struct alloc_spec *specs,
		      size_t spec_count, struct allocators *allocators, struct error *err)
{
	struct alloc_object object = {.device = mapping->device, .inode = mapping->inode, .start = mapping->start};
	struct collector c = {.object = &object, .specs = specs, .spec_count = spec_count, .path = mapping->path};
	int code;

	object.path = strdup(mapping->path);
	code = object.path ? fill_object(process, mapping, &c, err) : error__set(err, -ENOMEM, "out of memory");
	allocators->specs_found |= c.specs_found;
	if (code || !object.count) {
		const struct alloc_other_file other = {.device = mapping->device, .inode = mapping->inode};

		free_object(&object);
		if (!code &&
		    !array__push(allocators->others, allocators->other_count, allocators->other_capacity, other))
			code = error__set(err, -ENOMEM, "out of memory");
		return code;
	}
	if (!array__push(allocators->objects, allocators->count, allocators->capacity, object)) {
		free_object(&object);
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
