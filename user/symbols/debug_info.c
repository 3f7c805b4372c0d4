/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * By libdw, of which only those calls are used that open no other files by names found in this one (split DWARF,
 * dwz's supplementary files), and whose time and memory can be bounded from here: dwarf_getscopes() and the like are
 * not among them.
 *
 * There are three levels of search, each filled in when first needed: units by address; in a unit its functions by
 * address; in a function the inlined calls. No unit is read that no address falls into. .debug_aranges is not used:
 * clang and rustc write none, and the ranges in the units' own headers say the same.
 */
#include "symbols/debug_info.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/hash.h"
#include "symbols/debug_image.h"
#include "symbols/range.h"

#define UNITS_MAX (1U << 20)
/*
 * The time that one file may take, in bytes of .debug_info gone over: the largest programs have about one GiB of it,
 * of which each unit that matters is gone over a few times. libdw does some 100 MB/s.
 */
#define BUDGET      (4ULL << 30)
#define RANGE_COST  16  /* of one address range, in the same currency */
#define DEPTH_MAX   256 /* of scopes in each other */
#define INLINED_MAX 128
#define DECODED_MAX (48UL << 20) /* of what libdw keeps of units, and then some for the one at hand */

enum unit_state {
	UNIT_UNREAD,
	UNIT_OUTER, /* functions outside of functions: most units need no more, and bodies are skipped unread */
	UNIT_ALL,   /* those inside too: lambdas, methods of local classes, nested functions */
};

struct unit {
	Dwarf_Off die;
	enum unit_state state;
	struct ranges functions; /* values are offsets of their entries */
};

/* A file's DWARF. */
struct dwarf_file {
	struct debug_image image;
	Elf *elf;
	Dwarf *dwarf;
};

struct debug_info {
	struct dwarf_file file, alt;
	Dwarf *dwarf;  /* the file's */
	size_t memory; /* in use when that was opened */
	uint64_t last; /* index of the unit that the last address was in */
	char **paths;  /* names of source files, which libdw makes and which go with it */
	size_t path_count, path_capacity;
	struct index_map *by_path;
	uint64_t budget;
	struct unit *units;
	size_t count, capacity;
	struct ranges ranges; /* values are indexes of units */
};

static bool charge(struct debug_info *info, uint64_t cost)
{
	if (cost > info->budget) {
		info->budget = 0;
		return false;
	}
	info->budget -= cost;
	return true;
}

/* ---- opening */

/* Adds the address ranges of an entry. False when memory or the budget is at its end. */
static bool add_ranges(struct debug_info *info, Dwarf_Die *die, struct ranges *ranges, uint64_t value)
{
	Dwarf_Addr base = 0, low, high;
	ptrdiff_t next = 0;

	while ((next = dwarf_ranges(die, next, &base, &low, &high)) > 0) {
		if (!charge(info, RANGE_COST))
			return false;
		/* The linker leaves what it has thrown away (--gc-sections) at 0. */
		if (low && ranges__add(ranges, low, high, value))
			return false;
	}
	return true;
}

static bool index_units(struct debug_info *info)
{
	Dwarf_CU *cu = NULL;
	uint8_t type;
	Dwarf_Half version;
	Dwarf_Die die;

	while (info->count < UNITS_MAX && !dwarf_get_units(info->dwarf, cu, &cu, &version, &type, &die, NULL)) {
		struct unit unit = {.die = dwarf_dieoffset(&die)};

		/* Type units have no code; dwarf_offdie() would take their offsets for some in .debug_info. */
		if (type != DW_UT_compile && type != DW_UT_partial && type != DW_UT_skeleton)
			continue;
		if (!array__push(info->units, info->count, info->capacity, unit))
			return false;
		if (!add_ranges(info, &die, &info->ranges, info->count - 1))
			return false;
	}
	ranges__sort(&info->ranges);
	return info->ranges.count > 0;
}

static bool open_file(int fd, struct dwarf_file *file)
{
	if (!debug_image__read(fd, &file->image))
		return false;
	file->elf = elf_memory(file->image.data, file->image.size);
	if (file->elf)
		file->dwarf = dwarf_begin_elf(file->elf, DWARF_C_READ, NULL);
	return file->dwarf && debug_image__strings_end(file->elf);
}

static void close_file(struct dwarf_file *file)
{
	dwarf_end(file->dwarf); /* NULL is fine for these */
	elf_end(file->elf);
	debug_image__free(&file->image);
}

/* libdw would open the other file itself, by the name that this one says: it is given. */
static bool open_files(int fd, int alt, struct debug_info *info)
{
	if (!open_file(fd, &info->file))
		return false;
	info->dwarf = info->file.dwarf;
	if (!info->file.image.refers)
		return true;
	if (alt < 0 || !open_file(alt, &info->alt) || info->alt.image.refers)
		return false;
	dwarf_setalt(info->dwarf, info->alt.dwarf);
	return true;
}

/* What malloc() has given out, small and large. */
static size_t memory_in_use(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

void debug_info__open(int fd, int alt, struct debug_info **info)
{
	struct debug_info *new = calloc(1, sizeof(*new));

	*info = NULL;
	if (!new)
		return;
	new->budget = BUDGET;
	new->memory = memory_in_use();
	new->by_path = index_map__new();
	if (new->by_path && open_files(fd, alt, new) && index_units(new))
		*info = new;
	else
		debug_info__free(new);
}

void debug_info__free(struct debug_info *info)
{
	if (!info)
		return;
	for (size_t i = 0; i < info->count; i++)
		ranges__free(&info->units[i].functions);
	free(info->units);
	ranges__free(&info->ranges);
	close_file(&info->file);
	close_file(&info->alt);
	for (size_t i = 0; i < info->path_count; i++)
		free(info->paths[i]);
	free(info->paths);
	index_map__free(info->by_path);
	free(info);
}

/* ---- memory */

/*
 * libdw keeps all that it has decoded, such as whole line tables, until it is closed: a hundred megabytes soon. So when
 * another unit's turn comes, and it has become too much, libdw is opened anew; pages of the file go as well.
 */
static bool bound_memory(struct debug_info *info, uint64_t unit)
{
	if (unit == info->last || memory_in_use() < info->memory + DECODED_MAX)
		return true;
	info->last = unit;
	dwarf_end(info->file.dwarf);
	dwarf_end(info->alt.dwarf);
	info->alt.dwarf = NULL;
	info->dwarf = info->file.dwarf = dwarf_begin_elf(info->file.elf, DWARF_C_READ, NULL);
	if (info->dwarf && info->alt.elf) {
		info->alt.dwarf = dwarf_begin_elf(info->alt.elf, DWARF_C_READ, NULL);
		dwarf_setalt(info->dwarf, info->alt.dwarf);
	}
	debug_image__rest(&info->file.image);
	malloc_trim(0);
	info->memory = memory_in_use();
	return info->dwarf && (!info->alt.elf || info->alt.dwarf);
}

/* The path as long as info lives; NULL when memory is short. */
static const char *keep_path(struct debug_info *info, const char *path)
{
	uint64_t key = hash__text(path);
	uint32_t index = index_map__get(info->by_path, key);

	if (index != INDEX_MAP_NONE && info->paths[index] && !strcmp(info->paths[index], path))
		return info->paths[index];
	if (!array__push(info->paths, info->path_count, info->path_capacity, NULL))
		return NULL;
	index = (uint32_t)(info->path_count - 1);
	info->paths[index] = strdup(path);
	return index_map__put(info->by_path, key, index) ? NULL : info->paths[index];
}

/* ---- functions of a unit */

/* Goes on to the next entry under the same parent, paying for what lies between. */
static bool next_sibling(struct debug_info *info, Dwarf_Die *die)
{
	Dwarf_Off before = dwarf_dieoffset(die), after;

	if (dwarf_siblingof(die, die))
		return false;
	after = dwarf_dieoffset(die);
	return after > before && charge(info, after - before);
}

/* Whether functions may be found inside an entry, outside of functions' bodies or everywhere. */
static bool may_hold_functions(int tag, enum unit_state how)
{
	switch (tag) {
	case DW_TAG_namespace:
	case DW_TAG_module:
		return true;
	case DW_TAG_subprogram:
	case DW_TAG_inlined_subroutine:
	case DW_TAG_lexical_block:
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
		return how == UNIT_ALL;
	default:
		return false;
	}
}

static bool collect_functions(struct debug_info *info, struct unit *unit, Dwarf_Die *parent, enum unit_state how,
			      int depth)
{
	Dwarf_Die die;

	if (depth > DEPTH_MAX || dwarf_child(parent, &die))
		return true;
	do {
		int tag = dwarf_tag(&die);

		if (tag == DW_TAG_subprogram && !add_ranges(info, &die, &unit->functions, dwarf_dieoffset(&die)))
			return false;
		if (may_hold_functions(tag, how) && !collect_functions(info, unit, &die, how, depth + 1))
			return false;
	} while (next_sibling(info, &die));
	return true;
}

static void read_functions(struct debug_info *info, struct unit *unit, Dwarf_Die *unit_die, enum unit_state how)
{
	ranges__free(&unit->functions);
	unit->state = how;
	/* Failing half-way leaves fewer functions, and these right. */
	collect_functions(info, unit, unit_die, how, 0);
	ranges__sort(&unit->functions);
}

static bool find_function(struct debug_info *info, struct unit *unit, Dwarf_Die *unit_die, uint64_t address,
			  Dwarf_Die *function)
{
	uint64_t offset = RANGE_NONE;

	for (enum unit_state how = UNIT_OUTER; how <= UNIT_ALL && offset == RANGE_NONE; how++) {
		if (unit->state < how)
			read_functions(info, unit, unit_die, how);
		offset = ranges__find(&unit->functions, address);
	}
	return offset != RANGE_NONE && dwarf_offdie(info->dwarf, offset, function);
}

/* ---- inlined calls of a function */

struct inlined {
	Dwarf_Die calls[INLINED_MAX]; /* outermost first */
	size_t count;
};

/* Whether the entry covers the address; *ranged, whether it says at all where its code is. */
static bool covers(struct debug_info *info, Dwarf_Die *die, uint64_t address, bool *ranged)
{
	Dwarf_Addr base = 0, low, high;
	ptrdiff_t next = 0;

	*ranged = false;
	while ((next = dwarf_ranges(die, next, &base, &low, &high)) > 0 && charge(info, RANGE_COST)) {
		*ranged = true;
		if (address >= low && address < high)
			return true;
	}
	return false;
}

/* Collects the inlined calls below `parent` which the address is in. True if it is in any scope there. */
static bool collect_inlined(struct debug_info *info, Dwarf_Die *parent, uint64_t address, struct inlined *inlined,
			    int depth)
{
	Dwarf_Die die;

	if (depth > DEPTH_MAX || dwarf_child(parent, &die))
		return false;
	do {
		int tag = dwarf_tag(&die);
		bool inside, ranged;

		if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_lexical_block)
			continue;
		inside = covers(info, &die, address, &ranged);
		if (inside && tag == DW_TAG_inlined_subroutine && inlined->count < INLINED_MAX)
			inlined->calls[inlined->count++] = die;
		/* A block without ranges of its own may hold calls that have some. */
		if ((inside || (!ranged && tag == DW_TAG_lexical_block)) &&
		    collect_inlined(info, &die, address, inlined, depth + 1))
			return true;
		if (inside)
			return true;
	} while (next_sibling(info, &die));
	return false;
}

/* ---- one address */

/* A string attribute of an entry or of what it is an instance of. */
static const char *string_of(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attribute;
	const char *text = NULL;

	if (dwarf_attr_integrate(die, name, &attribute))
		text = dwarf_formstring(&attribute);
	return text && *text ? text : NULL;
}

static const char *function_of(Dwarf_Die *die)
{
	const char *name = string_of(die, DW_AT_linkage_name);

	if (!name)
		name = string_of(die, DW_AT_MIPS_linkage_name); /* its name before DWARF 4 */
	return name ? name : string_of(die, DW_AT_name);
}

static uint64_t number_of(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (!dwarf_attr(die, name, &attribute) || dwarf_formudata(&attribute, &value))
		return 0;
	return value;
}

static void set_line(struct debug_info *info, struct source_line *line, const char *file, uint64_t number)
{
	line->file = file && *file ? keep_path(info, file) : NULL;
	line->line = line->file && number <= INT32_MAX ? (uint32_t)number : 0;
}

/* Where the address itself is, by the unit's line table. */
static void set_own_line(struct debug_info *info, Dwarf_Die *unit, uint64_t address, struct source_line *line)
{
	Dwarf_Line *row = dwarf_getsrc_die(unit, address);
	int number;

	if (!row || dwarf_lineno(row, &number) || number < 0)
		return;
	set_line(info, line, dwarf_linesrc(row, NULL, NULL), (uint64_t)number);
}

/* Where an inlined call was made. */
static void set_call_line(struct debug_info *info, Dwarf_Die *unit, Dwarf_Die *call, struct source_line *line)
{
	uint64_t file = number_of(call, DW_AT_call_file);
	Dwarf_Files *files;
	size_t count;

	if (dwarf_getsrcfiles(unit, &files, &count) || file >= count)
		return;
	set_line(info, line, dwarf_filesrc(files, file, NULL, NULL), number_of(call, DW_AT_call_line));
}

size_t debug_info__lines(struct debug_info *info, uint64_t address, struct source_line *lines, size_t max)
{
	uint64_t index = ranges__find(&info->ranges, address);
	struct inlined inlined = {.count = 0};
	Dwarf_Die unit_die, function;
	struct unit *unit;
	size_t count = 0;

	if (index == RANGE_NONE || !max || !info->dwarf || !bound_memory(info, index))
		return 0;
	info->last = index;
	unit = &info->units[index];
	if (!dwarf_offdie(info->dwarf, unit->die, &unit_die))
		return 0;
	lines[0] = (struct source_line){0};
	set_own_line(info, &unit_die, address, &lines[0]);
	if (!find_function(info, unit, &unit_die, address, &function))
		return lines[0].file ? 1 : 0;
	collect_inlined(info, &function, address, &inlined, 0);
	for (size_t i = inlined.count; i-- > 0 && count + 1 < max; count++) {
		lines[count].function = function_of(&inlined.calls[i]);
		lines[count + 1] = (struct source_line){0};
		set_call_line(info, &unit_die, &inlined.calls[i], &lines[count + 1]);
	}
	lines[count].function = function_of(&function);
	return count + 1;
}
