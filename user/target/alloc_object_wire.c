/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two sides of having a file looked at for allocators in the sandbox. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/services.h"
#include "target/alloc_object.h"

/* ---- specs: in */

static void put_signature(struct buf *message, const struct alloc_signature *signature)
{
	wire__put_number(message, signature->class);
	for (size_t i = 0; i < PROBE_ARGUMENTS; i++)
		wire__put_number(message, (uint64_t)signature->arguments[i] + 1);
}

static struct alloc_signature read_signature(struct wire *wire)
{
	struct alloc_signature signature = {.class = (enum mt_class)wire__number_to(wire, MT_CLASS_MAX - 1)};

	for (size_t i = 0; i < PROBE_ARGUMENTS; i++)
		signature.arguments[i] = (int)wire__number_to(wire, 6) - 1;
	return signature;
}

/* Of the specs, those that mean this file: numbers[i] says which they were. */
static size_t put_specs(const struct alloc_spec *specs, size_t count, const char *path, struct buf *request,
			size_t *numbers)
{
	size_t put = 0;

	for (size_t i = 0; i < count; i++)
		if (alloc_spec__matches_object(&specs[i], path))
			numbers[put++] = i;
	wire__put_number(request, put);
	for (size_t i = 0; i < put; i++) {
		wire__put_text(request, specs[numbers[i]].function);
		put_signature(request, &specs[numbers[i]].signature);
	}
	return put;
}

/* ---- the object: out */

static void put_site(const struct probe_site *site, struct buf *reply)
{
	wire__put_number(reply, site->offset);
	wire__put_number(reply, site->emulated);
	wire__put_bytes(reply, site->registers, sizeof(site->registers));
	wire__put_text(reply, site->instruction);
}

static void put_function(const struct alloc_function *function, struct buf *reply)
{
	wire__put_text(reply, function->name);
	wire__put_number(reply, function->family);
	put_signature(reply, &function->signature);
	wire__put_number(reply, function->entry);
	wire__put_number(reply, function->address);
	wire__put_number(reply, function->size);
	wire__put_number(reply, function->leaf);
	put_site(&function->site, reply);
	put_site(&function->past_syscall, reply);
}

int serve_alloc_object(struct wire *request, const int *fds, size_t fd_count, struct buf *reply, struct error *err)
{
	struct alloc_object object = {.functions = NULL};
	const char *name = wire__text(request);
	size_t count = wire__count(request, sizeof(uint64_t));
	struct alloc_spec *specs = calloc(count + 1, sizeof(*specs));
	struct elf_file *file = NULL;
	uint64_t found = 0;
	int code = specs ? 0 : -ENOMEM;

	for (size_t i = 0; !code && i < count; i++) {
		specs[i].function = (char *)wire__text(request);
		specs[i].signature = read_signature(request);
		code = specs[i].function ? 0 : -EPROTO;
	}
	if (!code && (!name || fd_count != 1 || !wire__done(request)))
		code = -EPROTO;
	if (!code)
		code = elf_file__open(fds[0], name, &file, err);
	if (!code)
		code = alloc_object__parse(file, specs, count, &object, &found);
	if (!code) {
		wire__put_text(reply, object.build_id);
		wire__put_text(reply, object.kind);
		wire__put_number(reply, found);
		wire__put_number(reply, object.count);
		for (size_t i = 0; i < object.count; i++)
			put_function(&object.functions[i], reply);
	}
	if (code && !err->text[0])
		error__set(err, code, "cannot look for allocators in %s: %s", name, error__reason(code));
	alloc_object__free(&object);
	elf_file__free(file);
	free(specs);
	return code;
}

/* ---- the object: in */

static bool is_printable(const char *text)
{
	while (isprint((unsigned char)*text))
		text++;
	return !*text;
}

/* Of the function at the file offset `entry`. */
static bool read_site(struct wire *wire, uint64_t entry, struct probe_site *site)
{
	const void *registers;
	const char *text;
	uint64_t place;
	size_t size;

	site->offset = (uint32_t)wire__number_to(wire, UINT32_MAX);
	site->emulated = wire__number(wire);
	registers = wire__bytes(wire, &size);
	text = wire__text(wire);
	if (size != sizeof(site->registers) || !text || strlen(text) >= sizeof(site->instruction) ||
	    !is_printable(text))
		return false;
	memcpy(site->registers, registers, size);
	for (size_t i = 0; i < PROBE_ARGUMENTS; i++)
		if (site->registers[i] > MT_REGISTER_NONE)
			return false;
	memcpy(site->instruction, text, strlen(text) + 1);
	return !__builtin_add_overflow(entry, site->offset, &place);
}

static bool read_function(struct wire *wire, struct alloc_function *function)
{
	function->name = wire__copy(wire);
	function->family = (enum alloc_family)wire__number_to(wire, ALLOC_FAMILY_CUSTOM);
	function->signature = read_signature(wire);
	function->entry = wire__number(wire);
	function->address = wire__number(wire);
	function->size = wire__number(wire);
	function->leaf = wire__number(wire);
	return function->name && read_site(wire, function->entry, &function->site) &&
	       read_site(wire, function->entry, &function->past_syscall) && !wire->failed;
}

int alloc_object__parse_reply(struct wire *wire, struct alloc_object *object, uint64_t *specs_found)
{
	size_t count;

	*object = (struct alloc_object){.functions = NULL};
	object->build_id = wire__copy(wire);
	object->kind = alloc_object__kind(wire__text(wire));
	*specs_found = wire__number(wire);
	count = wire__count(wire, sizeof(uint64_t));
	object->functions = calloc(count + 1, sizeof(*object->functions));
	if (!object->functions)
		return -ENOMEM;
	object->capacity = count + 1;
	while (object->count < count)
		if (!read_function(wire, &object->functions[object->count++]))
			return -EPROTO;
	return wire__done(wire) && object->kind ? 0 : -EPROTO;
}

/* In the numbering of all specs: the sandbox had some of them. */
static uint64_t renumber(uint64_t found, const size_t *numbers, size_t put)
{
	uint64_t all = 0;

	for (size_t i = 0; i < put && i < 64; i++)
		if (found >> i & 1 && numbers[i] < 64)
			all |= 1ULL << numbers[i];
	return all;
}

int alloc_object__read(int fd, const char *path, const struct alloc_spec *specs, size_t spec_count,
		       struct alloc_object *object, uint64_t *specs_found, struct error *err)
{
	size_t *numbers = calloc(spec_count + 1, sizeof(*numbers)), put;
	struct sandbox_reply reply = {.bytes = {0}};
	struct buf request = {0};
	uint64_t found;
	int code;

	*object = (struct alloc_object){.functions = NULL};
	*specs_found = 0;
	if (!numbers)
		return error__set(err, -ENOMEM, "out of memory");
	wire__put_text(&request, path);
	put = put_specs(specs, spec_count, path, &request, numbers);
	code = services__call(SERVICE_ALLOC_OBJECT, path, &request, &fd, 1, &reply, err);
	if (!code) {
		code = alloc_object__parse_reply(&reply.wire, object, &found);
		if (code)
			error__set(err, code, "cannot look for allocators in %s: %s", path, error__reason(code));
		else
			*specs_found = renumber(found, numbers, put);
	}
	sandbox_reply__free(&reply);
	buf__free(&request);
	free(numbers);
	return code;
}
