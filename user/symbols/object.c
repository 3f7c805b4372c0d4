/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbols/object.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "symbols/debug_data.h"
#include "symbols/debug_info.h"
#include "symbols/name_set.h"
#include "symbols/symtab.h"
#include "target/elf_file.h"

enum { TABLES_MAX = 3 };

struct object {
	struct elf_file *file, *debug_file, *mini; /* of the latter two, either may be NULL */
	void *mini_image;
	struct symtab *symtab;
	struct debug_info *debug; /* NULL without DWARF */
};

/* A file of debugging information that cannot be read is as good as none. */
static void open_others(const struct object_files *files, struct object *object)
{
	size_t size;

	if (files->debug >= 0)
		(void)elf_file__open(files->debug, "debug file", &object->debug_file, NULL);
	if (elf_file__has_symtab(object->file) || (object->debug_file && elf_file__has_symtab(object->debug_file)))
		return;
	object->mini_image = debug_data__read(object->file, &size);
	if (object->mini_image)
		(void)elf_file__open_image(object->mini_image, size, ".gnu_debugdata", &object->mini, NULL);
}

static int read_symbols(struct object *object)
{
	const struct elf_file *tables[TABLES_MAX] = {object->file};
	size_t count = 1;

	if (object->debug_file)
		tables[count++] = object->debug_file;
	if (object->mini)
		tables[count++] = object->mini;
	return symtab__new(tables, count, &object->symtab);
}

int object__open(const struct object_files *files, const char *name, struct object **object, struct error *err)
{
	struct object *new = calloc(1, sizeof(*new));
	int ret;

	*object = NULL;
	if (!new)
		return -ENOMEM;
	ret = elf_file__open(files->object, name, &new->file, err);
	if (!ret) {
		open_others(files, new);
		ret = read_symbols(new);
	}
	if (ret) {
		object__free(new);
		return ret;
	}
	debug_info__open(files->debug >= 0 ? files->debug : files->object, files->alt, &new->debug);
	*object = new;
	return 0;
}

void object__free(struct object *object)
{
	if (!object)
		return;
	debug_info__free(object->debug);
	symtab__free(object->symtab);
	elf_file__free(object->mini);
	elf_file__free(object->debug_file);
	elf_file__free(object->file);
	free(object->mini_image);
	free(object);
}

unsigned int object__kinds(const struct object *object)
{
	if (object->debug)
		return NAMES_FUNCTIONS | NAMES_LINES;
	return symtab__count(object->symtab) ? NAMES_FUNCTIONS : 0;
}

static bool is_mangled(const char *name)
{
	return name[0] == '_' && (name[1] == 'Z' || name[1] == 'R');
}

/*
 * C libraries write a function under names of their own, and give it the one that programs call as an alias: __brk,
 * __GI___sbrk (glibc's include/libc-symbols.h).
 */
static bool is_internal_name_of(const char *name, const char *symbol)
{
	static const char hidden[] = "__GI_";

	if (strncmp(name, hidden, sizeof(hidden) - 1) == 0)
		name += sizeof(hidden) - 1;
	return symbol[0] != '_' && strcmp(name + strspn(name, "_"), symbol) == 0;
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
	if (!line->function || (is_mangled(symbol) && !is_mangled(line->function)) ||
	    is_internal_name_of(line->function, symbol))
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
