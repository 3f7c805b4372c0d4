/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unwind/cfi.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>

#include "lib/array.h"
#include "unwind/cfi_program.h"

/*
 * A CIE that is used by turns with others may be read again for each function: so that this takes no long, its
 * instructions are bounded. Compilers write less than 16 bytes, the C library's longest (signal frames) has 100.
 */
#define INITIAL_MAX 512
#define CIES_KEPT   64 /* most files have less than ten */
/*
 * A CIE that is used by turns with others may be read again for each function. So that this takes no long, the bytes
 * of CIEs that are read are bounded: by so much, and some times the section's size.
 */
#define CIE_BYTES     (64UL << 10)
#define CIE_TIMES     2
#define LENGTH_64     0xffffffffU
#define POINTER_SIZE  8
#define SIZE_ENCODING 0x0f

enum cie_status { CIE_FREE, CIE_GOOD, CIE_BAD };

struct cie {
	enum cie_status status;
	uint64_t offset;
	uint64_t code_align;
	int64_t data_align;
	unsigned int encoding;
	bool augmented; /* functions have data of a stated length to skip */
	bool signal;
	bool other_return_address; /* in another column than ABI and tools have it */
	struct cfi_state state;
};

struct reader {
	const struct cfi_section *section;
	struct pointer_base base;
	struct cie cies[CIES_KEPT];
	uint64_t cie_bytes; /* that may still be read */
	struct cfi_rows rows;
	size_t *refused;
};

/* A CIE or an FDE. */
struct entry {
	struct cursor body; /* after the id */
	bool is_empty;      /* padding, of .debug_frame */
	bool is_cie;
	uint64_t cie_offset; /* of an FDE */
	uint64_t next;       /* offset */
};

enum entry_status { ENTRY_READ, ENTRY_END, ENTRY_BAD };

static enum entry_status read_length(const struct cfi_section *section, struct cursor *cursor, uint64_t *length,
				     bool *wide)
{
	if (cursor__left(cursor) < sizeof(uint32_t))
		return ENTRY_END;
	*length = cursor__u32(cursor);
	*wide = *length == LENGTH_64;
	if (*wide)
		*length = cursor__u64(cursor);
	else if (!*length && !section->debug_frame)
		return ENTRY_END;
	return cursor->bad || *length > cursor__left(cursor) ? ENTRY_BAD : ENTRY_READ;
}

/* Entries without room for an id are read as FDEs without a CIE. */
static void read_id(const struct cfi_section *section, struct entry *entry, bool wide)
{
	uint64_t here = (uint64_t)(entry->body.at - section->data), id;

	if (section->debug_frame) {
		id = wide ? cursor__u64(&entry->body) : cursor__u32(&entry->body);
		entry->is_cie = id == (wide ? UINT64_MAX : UINT32_MAX);
		entry->cie_offset = id;
	} else { /* four bytes in either format: how far back from this field the CIE is */
		id = cursor__u32(&entry->body);
		entry->is_cie = !id;
		entry->cie_offset = here - id;
	}
	if (!entry->body.bad)
		return;
	entry->is_cie = false;
	entry->cie_offset = UINT64_MAX;
}

static enum entry_status read_entry(const struct cfi_section *section, uint64_t offset, struct entry *entry)
{
	struct cursor cursor = {.at = section->data + offset, .end = section->data + section->size};
	enum entry_status status;
	uint64_t length = 0;
	bool wide = false;

	status = read_length(section, &cursor, &length, &wide);
	if (status != ENTRY_READ)
		return status;
	entry->body = (struct cursor){.at = cursor.at, .end = cursor.at + length};
	entry->next = (uint64_t)(cursor.at - section->data) + length;
	entry->is_empty = !length;
	read_id(section, entry, wide);
	return ENTRY_READ;
}

/* ---- CIE */

/*
 * What the letters of the augmentation string stand for. After one that is unknown, the data has what we cannot tell;
 * its length is known, though, and what was read before holds.
 */
static bool read_augmentation(struct cie *cie, struct cursor *cursor, const unsigned char *letters)
{
	struct cursor data = {0};
	uint64_t size;

	cie->encoding = DW_EH_PE_absptr;
	if (!*letters)
		return true;
	if (*letters != 'z')
		return false;
	cie->augmented = true;
	size = cursor__uleb(cursor);
	data.at = cursor__take(cursor, size);
	if (!data.at)
		return false;
	data.end = data.at + size;
	for (letters++; *letters && !data.bad; letters++) {
		if (*letters == 'R')
			cie->encoding = cursor__u8(&data);
		else if (*letters == 'L')
			(void)cursor__u8(&data); /* the encoding of a pointer in each function's data */
		else if (*letters == 'P' && !pointer__skip(&data, cursor__u8(&data)))
			return false;
		else if (*letters == 'S')
			cie->signal = true;
		else if (*letters != 'P' && *letters != 'B')
			break;
	}
	return !data.bad;
}

static bool read_cie_header(struct cie *cie, bool aarch64, struct cursor *cursor)
{
	unsigned int version = cursor__u8(cursor);
	const unsigned char *letters = cursor->at;
	uint64_t column;

	if (version != 1 && version != 3 && version != 4)
		return false;
	while (cursor__u8(cursor)) /* to the end of the string, or of the entry, which gives zeroes */
		;
	/* Version 4 has the sizes of an address and of a segment selector. */
	if (version == 4 && (cursor__u8(cursor) != POINTER_SIZE || cursor__u8(cursor) != 0))
		return false;
	cie->code_align = cursor__uleb(cursor);
	cie->data_align = cursor__sleb(cursor);
	column = version == 1 ? cursor__u8(cursor) : cursor__uleb(cursor);
	cie->other_return_address = column != cfi_registers(aarch64)->return_address;
	return !cursor->bad && read_augmentation(cie, cursor, letters);
}

static struct cfi_program make_program(const struct reader *reader, const struct cie *cie, const struct cursor *code)
{
	return (struct cfi_program){
		.code = *code,
		.code_align = cie->code_align,
		.data_align = cie->data_align,
		.encoding = cie->encoding,
		.base = &reader->base,
		.aarch64 = reader->section->aarch64,
	};
}

static bool read_cie(struct reader *reader, uint64_t offset, struct cie *cie)
{
	struct cfi_program program;
	struct entry entry;

	/* What is no CIE where one should be is an FDE that points at an FDE, be it at itself. */
	if (offset >= reader->section->size || read_entry(reader->section, offset, &entry) != ENTRY_READ ||
	    !entry.is_cie || cursor__left(&entry.body) > reader->cie_bytes)
		return false;
	reader->cie_bytes -= cursor__left(&entry.body);
	if (!read_cie_header(cie, reader->section->aarch64, &entry.body))
		return false;
	program = make_program(reader, cie, &entry.body);
	return !cfi_program__run_initial(&program, &cie->state);
}

static const struct cie *get_cie(struct reader *reader, uint64_t offset)
{
	struct cie *cie = &reader->cies[offset / sizeof(uint32_t) % CIES_KEPT];

	if (cie->status == CIE_FREE || cie->offset != offset) {
		*cie = (struct cie){.offset = offset};
		cie->status = read_cie(reader, offset, cie) ? CIE_GOOD : CIE_BAD;
	}
	return cie->status == CIE_GOOD ? cie : NULL;
}

/* ---- FDE */

/* All of the function has this rule. */
static int set_rule(struct cfi_rows *rows, uint64_t begin, enum mt_cfa cfa)
{
	struct cfi_row row = {.address = begin, .rule = {.cfa = cfa}};

	rows->count = 0;
	return array__push(rows->rows, rows->count, rows->capacity, row) ? 0 : -ENOMEM;
}

/* Its range, and the cursor at its instructions. */
static bool read_function(const struct reader *reader, const struct cie *cie, struct cursor *cursor, uint64_t *begin,
			  uint64_t *end)
{
	uint64_t size; /* stored like a pointer, but relative to nothing */

	if (!pointer__read(cursor, cie->encoding, &reader->base, begin) ||
	    !pointer__read(cursor, cie->encoding & SIZE_ENCODING, &reader->base, &size) ||
	    __builtin_add_overflow(*begin, size, end))
		return false;
	if (cie->augmented)
		(void)cursor__take(cursor, cursor__uleb(cursor));
	return !cursor->bad;
}

static bool is_supported(const struct cfi_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		if (rows->rows[i].rule.cfa == MT_CFA_UNSUPPORTED)
			return false;
	return true;
}

/* Makes the function's rows; -EBADMSG if its information is wrong. */
static int make_rows(struct reader *reader, const struct cie *cie, const struct cursor *code,
		     const struct cfi_function *function)
{
	struct cfi_program program;

	if (cie->signal)
		return set_rule(&reader->rows, function->begin, MT_CFA_SIGNAL);
	if (cie->other_return_address)
		return set_rule(&reader->rows, function->begin, MT_CFA_UNSUPPORTED);
	program = make_program(reader, cie, code);
	return cfi_program__run(&program, &cie->state, function->begin, function->end, &reader->rows);
}

static int visit_function(struct reader *reader, struct entry *entry,
			  int (*visit)(const struct cfi_function *function, void *cookie), void *cookie)
{
	const struct cie *cie = get_cie(reader, entry->cie_offset);
	struct cfi_function function;
	int ret;

	if (!cie || !read_function(reader, cie, &entry->body, &function.begin, &function.end)) {
		++*reader->refused;
		return 0;
	}
	if (function.begin == function.end) /* what a linker leaves of a function that it took out */
		return 0;
	ret = make_rows(reader, cie, &entry->body, &function);
	if (ret == -EBADMSG) {
		++*reader->refused;
		return 0;
	}
	if (ret)
		return ret;
	*reader->refused += !is_supported(&reader->rows);
	function.rows = reader->rows.rows;
	function.row_count = reader->rows.count;
	return visit(&function, cookie);
}

int cfi__each_function(const struct cfi_section *section,
		       int (*visit)(const struct cfi_function *function, void *cookie), void *cookie, size_t *refused)
{
	struct reader *reader = calloc(1, sizeof(*reader));
	enum entry_status status = ENTRY_END;
	struct entry entry;
	int ret = 0;

	if (!reader)
		return -ENOMEM;
	reader->section = section;
	reader->base = (struct pointer_base){section->data, section->address, section->data_base};
	reader->cie_bytes = CIE_BYTES + CIE_TIMES * section->size;
	reader->refused = refused;
	for (uint64_t offset = 0; !ret && offset < section->size; offset = entry.next) {
		status = read_entry(section, offset, &entry);
		if (status != ENTRY_READ)
			break;
		if (!entry.is_cie && !entry.is_empty)
			ret = visit_function(reader, &entry, visit, cookie);
	}
	*refused += status == ENTRY_BAD;
	free(reader->rows.rows);
	free(reader);
	return ret;
}
