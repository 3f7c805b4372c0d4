/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes as what the sandbox answers, of the kind that the first of them says: it is refused, or it is sound. */
#include <stdlib.h>
#include <string.h>

#include "symbols/name_set.h"
#include "target/alloc_object.h"
#include "target/elf_facts.h"
#include "unwind/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_place(const struct name_set *set, uint64_t place)
{
	const struct name_line *lines;
	size_t count;

	if (!name_set__find(set, place, &lines, &count))
		return;
	if (count > NAME_LINES_MAX)
		abort();
	for (size_t i = 0; i < count; i++)
		if (!name_set__text(set, lines[i].function) || !name_set__text(set, lines[i].system_name) ||
		    (lines[i].file != NAME_NONE && !name_set__text(set, lines[i].file)))
			abort();
}

/* What was taken can be handed on. */
static void check_names(const struct name_set *set, size_t size)
{
	struct name_set *copy = name_set__new();

	for (uint64_t place = 0; place < 0x4000; place += 8)
		check_place(set, place);
	if (name_set__count(set) > size || !copy || name_set__merge(copy, set) ||
	    name_set__count(copy) != name_set__count(set) || name_set__kinds(copy) != name_set__kinds(set))
		abort();
	name_set__free(copy);
}

static void as_names(struct wire *wire, size_t size)
{
	struct name_set *set = name_set__new();

	if (!set)
		return;
	if (!name_set__read(set, wire))
		check_names(set, size);
	else if (name_set__count(set) || name_set__kinds(set))
		abort();
	name_set__free(set);
}

static void as_table(struct wire *wire)
{
	struct unwind_table table;

	if (!unwind_table__parse_reply(wire, &table)) {
		for (uint64_t address = 0; address < 1 << 20; address += 4093)
			if (!unwind_table__find(&table, address))
				abort();
		for (size_t i = 0; i < table.page_count; i++)
			for (uint32_t j = 0; j < table.pages[i].count; j++)
				if (table.rows[table.pages[i].first + j] >> 16 >= table.rule_count)
					abort();
	}
	unwind_table__free(&table);
}

static void as_alloc_object(struct wire *wire, size_t size)
{
	struct alloc_object object;
	uint64_t found;

	if (!alloc_object__parse_reply(wire, &object, &found)) {
		if (object.count > size || !alloc_object__kind(object.kind))
			abort();
		for (size_t i = 0; i < object.count; i++)
			if (!object.functions[i].name || object.functions[i].signature.class >= MT_CLASS_MAX)
				abort();
	}
	alloc_object__free(&object);
}

static void as_facts(struct wire *wire, size_t size)
{
	struct elf_facts facts;
	uint64_t address;

	if (!elf_facts__parse_reply(wire, &facts)) {
		if (facts.load_count > size || (facts.debug_link && strchr(facts.debug_link, '/')) ||
		    (facts.build_id && strpbrk(facts.build_id, "/.")))
			abort();
		for (uint64_t offset = 0; offset < 1 << 14; offset += 0x55)
			(void)elf_facts__address_of(&facts, offset, &address);
	}
	elf_facts__free(&facts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire wire;

	if (!size)
		return 0;
	wire = wire__of(data + 1, size - 1);
	switch (data[0] % 4) {
	case 0:
		as_names(&wire, size);
		break;
	case 1:
		as_table(&wire);
		break;
	case 2:
		as_alloc_object(&wire, size);
		break;
	default:
		as_facts(&wire, size);
	}
	return 0;
}
