/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/alloc_object.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "target/elf_imports.h"

enum { CODE_MAX = 64 << 10 }; /* no allocator's function is longer; what is, is treated as of unknown size */

void alloc_object__free(struct alloc_object *object)
{
	for (size_t i = 0; i < object->count; i++)
		free(object->functions[i].name);
	free(object->functions);
	free(object->path);
	free(object->build_id);
	*object = (struct alloc_object){.functions = NULL};
}

uint64_t alloc_function__cookie(const struct alloc_function *function, const struct probe_site *site, uint32_t slot)
{
	const uint8_t *registers = site->registers;

	return (uint64_t)slot | (uint64_t)function->signature.class << MT_COOKIE_CLASS_SHIFT |
	       (uint64_t)registers[ALLOC_BLOCK] << MT_COOKIE_BLOCK_SHIFT |
	       (uint64_t)registers[ALLOC_SIZE] << MT_COOKIE_SIZE_SHIFT |
	       (uint64_t)registers[ALLOC_COUNT] << MT_COOKIE_COUNT_SHIFT |
	       (uint64_t)function->leaf << MT_COOKIE_LEAF_SHIFT | (uint64_t)!site->emulated << MT_COOKIE_STEPPED_SHIFT;
}

/* ---- which functions of it are an allocator's */

struct collector {
	struct alloc_object *object;
	const struct alloc_spec *specs;
	size_t spec_count;
	bool has_dl_functions; /* glibc's dynamic loader, in ld.so or in a static program */
	bool has_malloc;       /* an allocator, not only a user of one */
	const char *kind;
	size_t mark; /* of `marks`, that says so */
	uint64_t specs_found;
};

/* What a symbol says about whose object it is. Of several the last one is right: static programs have a C library, too.
 */
static const struct {
	const char *symbol, *kind;
} marks[] = {
	{"__libc_malloc", "glibc"}, /* and musl's, when it is static */
	{"__libc_malloc_impl", "musl"},
	{"__musl_libc", "musl"},
	{"__malloc_donate", "musl"},
	{"_mstart", "musl"},
	{"malloc_stats_print", "jemalloc"},
	{"je_malloc_stats_print", "jemalloc"},
	{"_rjem_malloc_stats_print", "jemalloc"},
	{"tc_malloc", "tcmalloc"},
	{"mi_malloc", "mimalloc"},
	{"__asan_init", "asan"},
};

static enum alloc_family classify(struct collector *c, const struct elf_symbol *symbol,
				  struct alloc_signature *signature)
{
	enum alloc_family family;

	for (size_t i = 0; i < c->spec_count; i++) {
		if (!strcmp(c->specs[i].function, symbol->name)) {
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

static void note_mark(struct collector *c, const char *name)
{
	for (size_t i = c->mark; i < ARRAY_SIZE(marks); i++) {
		if (!strcmp(name, marks[i].symbol)) {
			c->kind = marks[i].kind;
			c->mark = i;
		}
	}
}

static int collect(const struct elf_symbol *symbol, void *cookie)
{
	struct collector *c = cookie;
	struct alloc_object *object = c->object;
	struct alloc_function function = {.entry = symbol->offset, .address = symbol->address, .size = symbol->size};

	if (!strcmp(symbol->name, "_dl_allocate_tls"))
		c->has_dl_functions = true;
	note_mark(c, symbol->name);
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

/* The probed function at `target`, or that a PLT entry there leads to within the object itself. */
static struct alloc_function *function_behind(const struct elf_file *file, struct alloc_object *object, uint64_t target)
{
	struct alloc_function *function = function_at(object, target);
	struct named_address wanted = {.name = function ? NULL : elf_imports__plt_entry(file, target)};

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
	const struct alloc_function *function;
	struct alloc_signature signature;
	const char *name;

	if (check->reaches_allocator)
		return;
	function = function_at(check->object, target);
	name = elf_imports__plt_entry(check->file, target);
	check->reaches_allocator =
		(function && function->family != ALLOC_FAMILY_KERNEL) ||
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

/* Bit i for the argument i of its system call that is read past it (bpf/activity.bpf.h). */
static const unsigned int past_arguments[MT_CLASS_MAX] = {
	[MT_CLASS_MMAP] = 1 << 1 | 1 << 2 | 1 << 3, [MT_CLASS_MUNMAP] = 1 << 1,
	[MT_CLASS_MPROTECT] = 1 << 1 | 1 << 2,      [MT_CLASS_MADVISE] = 1 << 1 | 1 << 2,
	[MT_CLASS_REMAP] = 1 << 1 | 1 << 2,
};

static void choose_past_syscall(const struct code *code, struct alloc_function *function)
{
	if (function->family != ALLOC_FAMILY_KERNEL || !code->whole ||
	    !probe_site__past_syscall(code->bytes, code->size, function->address,
				      past_arguments[function->signature.class], &function->past_syscall))
		function->past_syscall.offset = 0;
}

/* Of what asks the kernel, only the place past the call is of use, or of mremap that before it. */
static bool is_probed(const struct alloc_function *function)
{
	return function->family != ALLOC_FAMILY_KERNEL || function->past_syscall.offset ||
	       function->signature.class == MT_CLASS_REMAP;
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
		choose_past_syscall(code, function);
	}
	for (size_t i = object->count; i-- > 0;)
		if (!is_probed(&object->functions[i]))
			remove_function(object, i);
	free(code);
	return 0;
}

/* ---- all of it */

static const char kind_cxx[] = "C++ runtime", kind_loader[] = "loader", kind_custom[] = "custom",
		  kind_unknown[] = "allocator";

static const char *kind_of(const struct collector *c)
{
	enum alloc_family first = c->object->count ? c->object->functions[0].family : ALLOC_FAMILY_NONE;

	if (c->kind)
		return c->kind;
	if (!c->has_malloc && first == ALLOC_FAMILY_CXX)
		return kind_cxx;
	if (c->has_dl_functions)
		return kind_loader;
	return first == ALLOC_FAMILY_CUSTOM ? kind_custom : kind_unknown;
}

const char *alloc_object__kind(const char *text)
{
	const char *others[] = {kind_cxx, kind_loader, kind_custom, kind_unknown};

	for (size_t i = 0; text && i < ARRAY_SIZE(marks); i++)
		if (!strcmp(marks[i].kind, text))
			return marks[i].kind;
	for (size_t i = 0; text && i < ARRAY_SIZE(others); i++)
		if (!strcmp(others[i], text))
			return others[i];
	return NULL;
}

int alloc_object__parse(const struct elf_file *file, const struct alloc_spec *specs, size_t spec_count,
			struct alloc_object *object, uint64_t *specs_found)
{
	struct collector c = {.object = object, .specs = specs, .spec_count = spec_count};
	const char *build_id = elf_file__build_id(file);
	int code = elf_file__each_function(file, collect, &c);

	drop_unwanted(&c);
	object->kind = c.kind; /* how it is called matters to whether functions are leaves */
	if (!code && object->count)
		code = choose_sites(file, object);
	if (!code && build_id) {
		object->build_id = strdup(build_id);
		code = object->build_id ? 0 : -ENOMEM;
	}
	object->kind = kind_of(&c);
	*specs_found = c.specs_found;
	return code;
}
