/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unwind/source.h"

#include <dwarf.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unwind/pointer.h"

/* What we read of a file at most. Browsers with their debugging code have some 30 MiB. */
#define CFI_MAX (256UL << 20)

enum {
	HEADER_VERSION = 1,
	HEADER_MAX = 4 + 10, /* version and three encodings, a pointer */
};

/*
 * .eh_frame's address from .eh_frame_hdr (LSB Core, "The .eh_frame_hdr section"), whose sorted table we do not need:
 * it has but the functions' addresses.
 */
static bool parse_header(const unsigned char *data, size_t size, uint64_t address, uint64_t *eh_frame)
{
	struct pointer_base base = {.bytes = data, .address = address, .data = address};
	struct cursor cursor = {.at = data, .end = data + size};
	unsigned int version = cursor__u8(&cursor), encoding = cursor__u8(&cursor);

	(void)cursor__u16(&cursor); /* encodings of the table */
	return version == HEADER_VERSION && pointer__read(&cursor, encoding, &base, eh_frame);
}

/* ---- code */

static void add_code(struct unwind_source *source, uint64_t address, uint64_t size)
{
	uint64_t span = 1ULL << UNWIND_SPAN_SHIFT;
	struct unwind_range range = {address, address + size};

	if (address - source->base >= span || source->code_count == UNWIND_CODE_MAX)
		return;
	if (range.end - source->base > span)
		range.end = source->base + span;
	source->code[source->code_count++] = range;
}

static uint64_t page_of(uint64_t address)
{
	return address >> MT_UNWIND_PAGE_SHIFT << MT_UNWIND_PAGE_SHIFT;
}

static void find_code(const struct elf_file *file, struct unwind_source *source)
{
	struct elf_segment segment;

	source->base = UINT64_MAX;
	for (size_t i = 0; elf_file__segment(file, i, &segment); i++)
		if (segment.type == PT_LOAD && page_of(segment.address) < source->base)
			source->base = page_of(segment.address);
	for (size_t i = 0; elf_file__segment(file, i, &segment); i++)
		if (segment.type == PT_LOAD && segment.executable)
			add_code(source, segment.address, segment.file_size);
}

/* ---- the file */

/* Adds a section, the bytes of which are in the file; none if there are no bytes. */
static int read_bytes(const struct elf_file *file, uint64_t offset, uint64_t size, const struct cfi_section *cfi,
		      struct unwind_source *source, struct error *err)
{
	size_t index = source->cfi_count;
	unsigned char *bytes;

	if (size > CFI_MAX)
		size = CFI_MAX;
	if (!size)
		return 0;
	bytes = malloc(size);
	if (!bytes)
		return error__set(err, -ENOMEM, "cannot read call frame information: out of memory");
	source->owned[index] = bytes;
	source->cfi[index] = *cfi;
	source->cfi[index].data = bytes;
	source->cfi[index].size = size;
	source->cfi[index].aarch64 = elf_file__machine(file) == EM_AARCH64;
	source->cfi_count++;
	if (elf_file__read(file, offset, bytes, size) != size)
		return error__set(err, -EIO, "cannot read call frame information: the file has been cut short");
	return 0;
}

/* What is in the file from an address to the end of its segment. */
static bool find_rest(const struct elf_file *file, uint64_t address, uint64_t *offset, uint64_t *size)
{
	struct elf_segment segment;

	for (size_t i = 0; elf_file__segment(file, i, &segment); i++) {
		if (segment.type != PT_LOAD || address < segment.address ||
		    address - segment.address >= segment.file_size)
			continue;
		*offset = segment.offset + (address - segment.address);
		*size = segment.file_size - (address - segment.address);
		return true;
	}
	return false;
}

static bool find_by_segment(const struct elf_file *file, uint64_t *address, uint64_t *offset, uint64_t *size)
{
	unsigned char header[HEADER_MAX];
	struct elf_segment segment;

	for (size_t i = 0; elf_file__segment(file, i, &segment); i++) {
		uint64_t at, got;

		if (segment.type != PT_GNU_EH_FRAME || !elf_file__offset_of(file, segment.address, &at))
			continue;
		got = elf_file__read(file, at, header, sizeof(header));
		if (parse_header(header, got, segment.address, address) && find_rest(file, *address, offset, size))
			return true;
	}
	return false;
}

/* Section headers may be gone (sstrip), or damaged; segments are what programs run by. */
static int read_eh_frame(const struct elf_file *file, struct unwind_source *source, struct error *err)
{
	struct elf_section section;
	struct cfi_section cfi = {0};
	uint64_t offset, size;

	(void)elf_file__dynamic_value(file, DT_PLTGOT, &cfi.data_base);
	if (find_by_segment(file, &cfi.address, &offset, &size))
		return read_bytes(file, offset, size, &cfi, source, err);
	if (!elf_file__section(file, ".eh_frame", &section) || section.compressed)
		return 0;
	cfi.address = section.address;
	return read_bytes(file, section.offset, section.size, &cfi, source, err);
}

static int read_debug_frame(const struct elf_file *file, struct unwind_source *source, struct error *err)
{
	struct elf_section section = {0};
	struct cfi_section cfi = {.debug_frame = true};

	if (elf_file__section(file, ".debug_frame", &section) && !section.compressed) {
		cfi.address = section.address;
		return read_bytes(file, section.offset, section.size, &cfi, source, err);
	}
	if (section.compressed && !source->cfi_count)
		return error__set(err, -EOPNOTSUPP,
				  "its call frame information (.debug_frame) is compressed: that is not supported");
	return 0;
}

/*
 * The code that AArch64's kernel has signal handlers return to is known by its looks, to gdb and libgcc too: the vdso
 * has no call frame information of it (since 5.8, 87676cfca141). It is looked up at the byte before it.
 */
static void find_signal_return(const unsigned char *code, size_t size, uint64_t address, struct unwind_source *source)
{
	static const unsigned char wanted[] = {
		0x68, 0x11, 0x80, 0xd2, /* mov x8, #139: rt_sigreturn */
		0x01, 0x00, 0x00, 0xd4, /* svc #0 */
	};
	enum { INSTRUCTION = 4 };

	for (size_t at = INSTRUCTION; at + sizeof(wanted) <= size; at += INSTRUCTION)
		if (!memcmp(code + at, wanted, sizeof(wanted)))
			source->signal_return =
				(struct unwind_range){address + at - INSTRUCTION, address + at + sizeof(wanted)};
}

/* In files as small as the vdso, which may have information of other functions. */
static int search_signal_return(const struct elf_file *file, struct unwind_source *source, struct error *err)
{
	enum { VDSO_MAX = 64 << 10 };
	uint64_t size = source->code_count ? source->code[0].end - source->code[0].begin : 0, offset;
	unsigned char *code;

	if (elf_file__machine(file) != EM_AARCH64 || !size || size > VDSO_MAX ||
	    !elf_file__offset_of(file, source->code[0].begin, &offset))
		return 0;
	code = malloc(size);
	if (!code)
		return error__set(err, -ENOMEM, "cannot look for signal frames: out of memory");
	find_signal_return(code, elf_file__read(file, offset, code, size), source->code[0].begin, source);
	free(code);
	return 0;
}

int unwind_source__read(const struct elf_file *file, struct unwind_source *source, struct error *err)
{
	int ret;

	*source = (struct unwind_source){0};
	find_code(file, source);
	ret = read_eh_frame(file, source, err);
	if (!ret)
		ret = read_debug_frame(file, source, err);
	if (!ret)
		ret = search_signal_return(file, source, err);
	if (!ret && !source->cfi_count && !source->signal_return.end)
		ret = error__set(err, -ENODATA, "no call frame information: neither .eh_frame nor .debug_frame");
	return ret;
}

void unwind_source__free(struct unwind_source *source)
{
	for (size_t i = 0; i < UNWIND_SECTIONS_MAX; i++)
		free(source->owned[i]);
	*source = (struct unwind_source){0};
}
