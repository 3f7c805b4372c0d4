/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The symbol tables of an ELF file: where they are, and what is in them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "target/elf_file.h"
#include "target/elf_parts.h"

/* Bounds on what a hostile (say, sparse) file can make us spend. The largest browsers stay below a quarter of them. */
#define STRINGS_MAX (512ULL << 20)
#define SYMBOLS_MAX (16ULL << 20)
#define HASHED_MAX  (4ULL << 20)

/* ---- where they are */

static int check_table(const struct elf_file *file, const struct symbol_table *table, const char *name,
		       struct error *err)
{
	if (table->count > SYMBOLS_MAX || table->strings_size > STRINGS_MAX)
		return error__set(err, -EFBIG, "%s: damaged ELF file: its symbol table is too large", name);
	if (!elf_parts__in_file(file, table->offset, table->count * sizeof(Elf64_Sym)) ||
	    !elf_parts__in_file(file, table->strings_offset, table->strings_size))
		return error__set(err, -ENOEXEC, "%s: truncated ELF file: its symbol table points outside of it", name);
	return 0;
}

static int read_section_table(struct elf_file *file, const Elf64_Shdr *section, uint64_t section_count,
			      const char *name, struct error *err)
{
	struct symbol_table *table =
		&file->tables[section->sh_type == SHT_SYMTAB ? ELF_TABLE_SYMTAB : ELF_TABLE_DYNSYM];
	Elf64_Shdr strings;

	if (table->present)
		return 0;
	if (section->sh_entsize != sizeof(Elf64_Sym) || section->sh_link >= section_count ||
	    !elf_parts__read_section(file, section->sh_link, &strings) || strings.sh_type != SHT_STRTAB)
		return error__set(err, -ENOEXEC, "%s: damaged ELF file: bad header of a symbol table", name);
	*table = (struct symbol_table){
		.present = true,
		.offset = section->sh_offset,
		.count = section->sh_size / sizeof(Elf64_Sym),
		.strings_offset = strings.sh_offset,
		.strings_size = strings.sh_size,
	};
	return check_table(file, table, name, err);
}

static int find_section_tables(struct elf_file *file, const char *name, struct error *err)
{
	Elf64_Shdr section;
	uint64_t count;
	int ret;

	ret = elf_parts__count_sections(file, &count, name, err);
	for (uint64_t i = 0; !ret && i < count; i++) {
		if (!elf_parts__read_section(file, i, &section))
			return error__set(err, -EIO, "%s: cannot read its section headers", name);
		if (section.sh_type == SHT_SYMTAB || section.sh_type == SHT_DYNSYM)
			ret = read_section_table(file, &section, count, name, err);
	}
	return ret;
}

/* What PT_DYNAMIC says of the dynamic symbols: addresses, 0 where it says nothing. */
struct dynamic {
	uint64_t symbols, strings, strings_size, hash, gnu_hash;
};

static void read_dynamic(const struct elf_file *file, const Elf64_Phdr *segment, struct dynamic *dynamic)
{
	uint64_t count = segment->p_filesz / sizeof(Elf64_Dyn);
	Elf64_Dyn entry;

	for (uint64_t i = 0; i < count && i < ELF_DYNAMIC_MAX; i++) {
		if (!elf_parts__read_exact(file, segment->p_offset + i * sizeof(entry), &entry, sizeof(entry)))
			return;
		switch (entry.d_tag) {
		case DT_NULL:
			return;
		case DT_SYMTAB:
			dynamic->symbols = entry.d_un.d_ptr;
			break;
		case DT_STRTAB:
			dynamic->strings = entry.d_un.d_ptr;
			break;
		case DT_STRSZ:
			dynamic->strings_size = entry.d_un.d_val;
			break;
		case DT_HASH:
			dynamic->hash = entry.d_un.d_ptr;
			break;
		case DT_GNU_HASH:
			dynamic->gnu_hash = entry.d_un.d_ptr;
			break;
		}
	}
}

/*
 * A DT_GNU_HASH table does not say how many symbols there are: they end with the chain of the bucket that begins at
 * the highest index, and a chain ends at a hash with bit 0 set. Returns 0 when the table makes no sense.
 */
static uint64_t count_gnu_hash(const struct elf_file *file, uint64_t offset)
{
	struct {
		uint32_t buckets, first_symbol, bloom_words, bloom_shift;
	} head;
	uint64_t buckets, chains;
	uint32_t last = 0, value;

	if (!elf_parts__read_exact(file, offset, &head, sizeof(head)) || head.buckets > HASHED_MAX)
		return 0;
	buckets = offset + sizeof(head) + (uint64_t)head.bloom_words * sizeof(uint64_t);
	chains = buckets + (uint64_t)head.buckets * sizeof(uint32_t);
	for (uint32_t i = 0; i < head.buckets; i++) {
		if (!elf_parts__read_exact(file, buckets + (uint64_t)i * sizeof(value), &value, sizeof(value)))
			return 0;
		last = value > last ? value : last;
	}
	if (last < head.first_symbol)
		return head.first_symbol; /* none hashed: those before are imports */
	for (; last < HASHED_MAX; last++) {
		if (!elf_parts__read_exact(file, chains + (uint64_t)(last - head.first_symbol) * sizeof(value), &value,
					   sizeof(value)))
			return 0;
		if (value & 1)
			return (uint64_t)last + 1;
	}
	return 0;
}

/* The count of symbols is that of the chains in a DT_HASH table: its second word. */
static uint64_t count_hash(const struct elf_file *file, uint64_t offset)
{
	uint32_t head[2];

	return elf_parts__read_exact(file, offset, head, sizeof(head)) ? head[1] : 0;
}

static int find_dynamic_table(struct elf_file *file, const char *name, struct error *err)
{
	struct symbol_table table = {.present = true};
	struct dynamic dynamic = {0};
	uint64_t hash;

	for (size_t i = 0; i < file->segment_count; i++) {
		if (file->segments[i].p_type != PT_DYNAMIC)
			continue;
		read_dynamic(file, &file->segments[i], &dynamic);
		break; /* there is but one */
	}
	if (!dynamic.symbols || !dynamic.strings)
		return 0;
	if (!elf_file__offset_of(file, dynamic.symbols, &table.offset) ||
	    !elf_file__offset_of(file, dynamic.strings, &table.strings_offset))
		return error__set(err, -ENOEXEC, "%s: damaged ELF file: its dynamic symbols are in no segment", name);
	table.strings_size = dynamic.strings_size;
	if (dynamic.gnu_hash && elf_file__offset_of(file, dynamic.gnu_hash, &hash))
		table.count = count_gnu_hash(file, hash);
	if (!table.count && dynamic.hash && elf_file__offset_of(file, dynamic.hash, &hash))
		table.count = count_hash(file, hash);
	file->tables[ELF_TABLE_DYNSYM] = table;
	return check_table(file, &table, name, err);
}

int elf_symbols__find(struct elf_file *file, const char *name, struct error *err)
{
	int ret = find_section_tables(file, name, err);

	if (!ret && !file->tables[ELF_TABLE_DYNSYM].present)
		ret = find_dynamic_table(file, name, err);
	return ret;
}

/* ---- what is in them */

bool elf_file__has_symtab(const struct elf_file *file)
{
	return file->tables[ELF_TABLE_SYMTAB].present;
}

/*
 * Ends each name at its "@". All at once, as a look at the length of each symbol's name would take for ever if they
 * all were one and the same long one. Names that share a tail begin after the '@' and are not hurt.
 */
static void cut_versions(char *strings, size_t size)
{
	char *end = strings + size;

	for (char *at = strings; (at = memchr(at, '@', (size_t)(end - at))); at++)
		*at = '\0';
}

static int read_strings(const struct elf_file *file, struct symbol_table *table)
{
	if (table->strings)
		return 0;
	table->strings = malloc(table->strings_size + 1);
	if (!table->strings)
		return -ENOMEM;
	if (!elf_parts__read_exact(file, table->strings_offset, table->strings, table->strings_size)) {
		free(table->strings);
		table->strings = NULL;
		return -EIO;
	}
	table->strings[table->strings_size] = '\0';
	cut_versions(table->strings, table->strings_size);
	return 0;
}

/* What of the tables is wanted, and for whom. */
struct visit {
	unsigned int type;             /* STT_* */
	const struct elf_file *layout; /* whose file offsets symbols get; NULL: they get none, and need none */
	int (*visit)(const struct elf_symbol *symbol, void *cookie);
	void *cookie;
};

static bool make_symbol(const struct visit *visit, const struct symbol_table *table, bool dynamic, const Elf64_Sym *raw,
			struct elf_symbol *symbol)
{
	unsigned int bind = ELF64_ST_BIND(raw->st_info);
	const char *name;

	if (ELF64_ST_TYPE(raw->st_info) != visit->type || raw->st_shndx == SHN_UNDEF ||
	    raw->st_name >= table->strings_size)
		return false;
	name = table->strings + raw->st_name;
	*symbol = (struct elf_symbol){
		.name = name,
		.address = raw->st_value,
		.size = raw->st_size,
		.global = bind == STB_GLOBAL || bind == STB_WEAK,
		.dynamic = dynamic,
	};
	return *name && (!visit->layout || elf_file__offset_of(visit->layout, raw->st_value, &symbol->offset));
}

static int visit_table(const struct elf_file *file, int which, const struct visit *visit)
{
	struct symbol_table *table = &file->tables[which];
	Elf64_Sym raw[256] = {0}; /* 6 KiB a read */
	struct elf_symbol symbol;
	int ret;

	ret = read_strings(file, table);
	for (uint64_t first = 0; !ret && first < table->count; first += ARRAY_SIZE(raw)) {
		uint64_t count = table->count - first < ARRAY_SIZE(raw) ? table->count - first : ARRAY_SIZE(raw);

		if (!elf_parts__read_exact(file, table->offset + first * sizeof(*raw), raw, count * sizeof(*raw)))
			return -EIO;
		for (uint64_t i = 0; !ret && i < count; i++)
			if (make_symbol(visit, table, which == ELF_TABLE_DYNSYM, &raw[i], &symbol))
				ret = visit->visit(&symbol, visit->cookie);
	}
	return ret;
}

static int visit_tables(const struct elf_file *file, const struct visit *visit)
{
	int ret = 0;

	for (int i = 0; !ret && i < ELF_TABLE_COUNT; i++)
		if (file->tables[i].present)
			ret = visit_table(file, i, visit);
	return ret;
}

int elf_file__each_function_by(const struct elf_file *file, const struct elf_file *layout,
			       int (*visit)(const struct elf_symbol *symbol, void *cookie), void *cookie)
{
	const struct visit functions = {.type = STT_FUNC, .layout = layout, .visit = visit, .cookie = cookie};

	return visit_tables(file, &functions);
}

int elf_file__each_variable(const struct elf_file *file, int (*visit)(const struct elf_symbol *symbol, void *cookie),
			    void *cookie)
{
	const struct visit variables = {.type = STT_OBJECT, .visit = visit, .cookie = cookie};

	return visit_tables(file, &variables);
}

int elf_file__each_function(const struct elf_file *file, int (*visit)(const struct elf_symbol *symbol, void *cookie),
			    void *cookie)
{
	return elf_file__each_function_by(file, file, visit, cookie);
}

const char *elf_file__dynamic_symbol_name(const struct elf_file *file, uint64_t index)
{
	struct symbol_table *table = &file->tables[ELF_TABLE_DYNSYM];
	Elf64_Sym raw;

	if (!table->present || index >= table->count || read_strings(file, table) ||
	    !elf_parts__read_exact(file, table->offset + index * sizeof(raw), &raw, sizeof(raw)) ||
	    raw.st_name >= table->strings_size)
		return NULL;
	return table->strings + raw.st_name;
}
