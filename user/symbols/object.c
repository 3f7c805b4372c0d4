/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbols/object.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "symbols/debug_info.h"
#include "symbols/symtab.h"
#include "target/elf_file.h"

struct object {
	struct elf_file *file;
	struct symtab *symtab;
	struct debug_info *debug; /* NULL without DWARF */
};

int object__open(int fd, const char *name, struct object **object)
{
	struct object *new = calloc(1, sizeof(*new));
	int ret;

	*object = NULL;
	if (!new)
		return -ENOMEM;
	ret = elf_file__open(fd, name, &new->file, NULL);
	if (!ret)
		ret = symtab__new(new->file, &new->symtab);
	if (ret) {
		object__free(new);
		return ret;
	}
	/* A separate debug file, by build id or .gnu_debuglink, would be opened here instead where it exists. */
	debug_info__open(fd, &new->debug);
	/* Objects live long, and there may be more of them than descriptors. */
	elf_file__release(new->file);
	*object = new;
	return 0;
}

void object__free(struct object *object)
{
	if (!object)
		return;
	debug_info__free(object->debug);
	symtab__free(object->symtab);
	elf_file__free(object->file);
	free(object);
}

const char *object__build_id(const struct object *object)
{
	return elf_file__build_id(object->file);
}

bool object__has_functions(const struct object *object)
{
	return object->debug || symtab__count(object->symtab);
}

bool object__has_lines(const struct object *object)
{
	return object->debug;
}

static bool is_mangled(const char *name)
{
	return name[0] == '_' && (name[1] == 'Z' || name[1] == 'R');
}

/*
 * The function that was really called is in the symbol table as well. DWARF's name is the better one, as the symbol
 * may be that of a clone (foo.part.0) or of another function with the same code; but compilers give static functions
 * no linkage name, and then only the symbol has the parameters.
 */
static void join_symbol(struct object_line *line, const char *symbol)
{
	if (!symbol)
		return;
	line->system_name = symbol;
	if (!line->function || (is_mangled(symbol) && !is_mangled(line->function)))
		line->function = symbol;
}

size_t object__lines(struct object *object, uint64_t offset, struct object_line *lines)
{
	struct source_line source[OBJECT_LINES_MAX] = {0};
	size_t count = 0, kept = 0;
	uint64_t address;

	if (object->debug && elf_file__address_of(object->file, offset, &address))
		count = debug_info__lines(object->debug, address, source, OBJECT_LINES_MAX);
	if (!count)
		count = 1;
	for (size_t i = 0; i < count; i++) {
		struct object_line line = {
			.function = source[i].function,
			.system_name = source[i].function,
			.file = source[i].file,
			.line = source[i].line,
		};

		if (i == count - 1)
			join_symbol(&line, symtab__find(object->symtab, offset));
		if (line.function)
			lines[kept++] = line;
	}
	return kept;
}
