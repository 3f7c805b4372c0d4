/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes as a file that is looked at for allocators: what is found is in the file. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sandbox/services.h"
#include "symbols/variables.h"
#include "target/alloc_object.h"
#include "target/elf_imports.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_function(const struct alloc_function *function, const struct elf_file *file)
{
	uint8_t byte;

	if (!function->name || !*function->name || elf_file__read(file, function->entry, &byte, 1) > 1 ||
	    strnlen(function->site.instruction, sizeof(function->site.instruction)) ==
		    sizeof(function->site.instruction))
		abort();
	for (size_t i = 0; i < PROBE_ARGUMENTS; i++)
		if (function->site.registers[i] > MT_REGISTER_NONE)
			abort();
}

static void look_for_allocators(const struct elf_file *file)
{
	char main_name[] = "main", pool_name[] = "pool_alloc";
	struct alloc_spec specs[] = {{.function = main_name}, {.function = pool_name}};
	struct alloc_object object = {.functions = NULL};
	uint64_t found = 0;

	if (!alloc_object__parse(file, specs, 2, &object, &found)) {
		if (!object.kind || alloc_object__kind(object.kind) != object.kind || found > 3)
			abort();
		for (size_t i = 0; i < object.count; i++)
			check_function(&object.functions[i], file);
	}
	alloc_object__free(&object);
}

/* Some are asked for by code that is disassembled. */
static void look_for_imports(const struct elf_file *file)
{
	uint64_t slot, address;

	for (uint64_t offset = 0; offset < 1 << 16; offset += 0x110) {
		const char *name =
			elf_file__address_of(file, offset, &address) ? elf_imports__plt_entry(file, address) : NULL;

		if (name && strlen(name) > 1 << 16)
			abort();
	}
	(void)elf_imports__slot(file, "malloc", &slot);
}

/* As the sandbox's child answers: what it says must be as long as was asked for, and its names short. */
static void look_for_variables(int fd)
{
	struct buf request = {0}, reply = {0};
	struct wire wire;
	const char *name;

	wire__put_text(&request, "fuzz");
	wire__put_number(&request, 64);
	for (uint64_t i = 0; i < 64; i++)
		wire__put_number(&request, i * 0x110);
	wire = wire__of(request.data, request.size);
	if (!serve_variables(&wire, &fd, 1, &reply, NULL)) {
		wire = wire__of(reply.data, reply.size);
		for (int i = 0; i < 64; i++) {
			name = wire__text(&wire);
			if (name && strlen(name) >= VARIABLE_NAME_MAX)
				abort();
		}
		if (!wire__done(&wire))
			abort();
	}
	buf__free(&request);
	buf__free(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct elf_file *file = NULL;

	if (fd >= 0 && write(fd, data, size) == (ssize_t)size && !elf_file__open(fd, "fuzz", &file, NULL)) {
		look_for_allocators(file);
		look_for_imports(file);
		look_for_variables(fd);
	}
	elf_file__free(file);
	if (fd >= 0)
		close(fd);
	return 0;
}
