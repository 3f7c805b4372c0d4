/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbols/symtab.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "symbols/range.h"

/*
 * How far a symbol without a size (hand-written assembly, _init) may reach when no other begins before. More would
 * give all the code of a stripped program to its _init.
 */
#define UNSIZED_REACH 4096

struct function {
	uint64_t offset, size;
	const char *name;
	bool global;
};

struct symtab {
	struct function *functions;
	size_t count, capacity;
	struct ranges ranges; /* values are indexes of functions */
};

static int add_function(const struct elf_symbol *symbol, void *cookie)
{
	struct symtab *symtab = cookie;
	struct function function = {
		.offset = symbol->offset,
		.size = symbol->size,
		.name = symbol->name,
		.global = symbol->global,
	};

	return array__push(symtab->functions, symtab->count, symtab->capacity, function) ? 0 : -ENOMEM;
}

/* Names are foreign and may be long: an order among equals need not look at all of them. */
static int compare_names(const char *a, const char *b)
{
	size_t a_score = strspn(a, "_"), b_score = strspn(b, "_");

	if (a_score != b_score)
		return a_score < b_score ? -1 : 1;
	return strncmp(a, b, 4096);
}

/* By offset, the preferred one first. */
static int compare_functions(const void *left, const void *right)
{
	const struct function *a = left, *b = right;

	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	if (!a->size != !b->size)
		return a->size ? -1 : 1;
	if (a->global != b->global)
		return a->global ? -1 : 1;
	return compare_names(a->name, b->name);
}

static void drop_aliases(struct symtab *symtab)
{
	size_t kept = 0;

	for (size_t i = 0; i < symtab->count; i++)
		if (!kept || symtab->functions[i].offset != symtab->functions[kept - 1].offset)
			symtab->functions[kept++] = symtab->functions[i];
	symtab->count = kept;
}

/* The end of an unsized function, or 0 where it is only a label in the middle of a sized one that ends at `covered`. */
static uint64_t end_of_unsized(const struct symtab *symtab, size_t index, uint64_t covered)
{
	uint64_t start = symtab->functions[index].offset, end = start + UNSIZED_REACH;

	if (start < covered)
		return 0;
	if (index + 1 < symtab->count && symtab->functions[index + 1].offset < end)
		end = symtab->functions[index + 1].offset;
	return end;
}

static int add_ranges(struct symtab *symtab)
{
	uint64_t covered = 0;
	int ret = 0;

	for (size_t i = 0; !ret && i < symtab->count; i++) {
		const struct function *function = &symtab->functions[i];
		uint64_t end;

		if (!function->size)
			end = end_of_unsized(symtab, i, covered);
		else if (__builtin_add_overflow(function->offset, function->size, &end))
			continue;
		if (function->size && end > covered)
			covered = end;
		ret = ranges__add(&symtab->ranges, function->offset, end, i);
	}
	ranges__sort(&symtab->ranges);
	return ret;
}

int symtab__new(const struct elf_file *const *files, size_t count, struct symtab **symtab)
{
	struct symtab *new = calloc(1, sizeof(*new));
	int ret = 0;

	*symtab = NULL;
	if (!new)
		return -ENOMEM;
	for (size_t i = 0; !ret && i < count; i++)
		ret = elf_file__each_function_by(files[i], files[0], add_function, new);
	if (!ret && new->count) {
		qsort(new->functions, new->count, sizeof(*new->functions), compare_functions);
		drop_aliases(new);
		ret = add_ranges(new);
	}
	if (ret) {
		symtab__free(new);
		return ret;
	}
	*symtab = new;
	return 0;
}

void symtab__free(struct symtab *symtab)
{
	if (!symtab)
		return;
	ranges__free(&symtab->ranges);
	free(symtab->functions);
	free(symtab);
}

size_t symtab__count(const struct symtab *symtab)
{
	return symtab->count;
}

const char *symtab__find(const struct symtab *symtab, uint64_t offset)
{
	uint64_t index = ranges__find(&symtab->ranges, offset);

	return index == RANGE_NONE ? NULL : symtab->functions[index].name;
}
