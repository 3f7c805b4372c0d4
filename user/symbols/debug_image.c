/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbols/debug_image.h"

#include <endian.h>
#include <gelf.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FILE_MAX_BYTES     (8ULL << 30) /* of address space */
#define SECTIONS_MAX_BYTES (2ULL << 30) /* of memory: all debug sections, and again what they decompress to */
#define GUARD_BYTES        4096

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static bool is_in(const struct debug_image *image, uint64_t offset, uint64_t size)
{
	return offset <= image->size && size <= image->size - offset;
}

/* What a section grows to, 0 if it is not compressed; false if it cannot be told. */
static bool decompressed_size(const struct debug_image *image, const GElf_Shdr *header, const char *name,
			      uint64_t *size)
{
	unsigned char zlib[12]; /* the older kind of compression: "ZLIB" and the size, big-endian */
	Elf64_Chdr compression;

	*size = 0;
	if (header->sh_flags & SHF_COMPRESSED) {
		if (header->sh_size < sizeof(compression))
			return false;
		memcpy(&compression, image->data + header->sh_offset, sizeof(compression));
		*size = compression.ch_size;
	} else if (starts_with(name, ".zdebug_")) {
		if (header->sh_size < sizeof(zlib))
			return false;
		memcpy(zlib, image->data + header->sh_offset, sizeof(zlib));
		memcpy(size, zlib + 4, sizeof(*size));
		*size = be64toh(*size);
	}
	return true;
}

/* Takes `size` off what is left, if there is as much. */
static bool spend(uint64_t *left, uint64_t size)
{
	if (size > *left)
		return false;
	*left -= size;
	return true;
}

/* Whether the section is in the file, and does not take more memory than what is left. */
static bool accept_section(struct debug_image *image, const GElf_Shdr *header, const char *name, uint64_t *left)
{
	uint64_t grown;

	if (!is_in(image, header->sh_offset, header->sh_size) || !decompressed_size(image, header, name, &grown))
		return false;
	image->compressed |= grown > 0;
	return spend(left, header->sh_size) && spend(left, grown);
}

static bool find_names(const struct debug_image *image, Elf *elf, size_t *names)
{
	GElf_Shdr header;

	return !elf_getshdrstrndx(elf, names) && gelf_getshdr(elf_getscn(elf, *names), &header) &&
	       header.sh_type == SHT_STRTAB && is_in(image, header.sh_offset, header.sh_size);
}

/* Looks at all debug sections; false for any reason not to use the file, having none among them. */
static bool accept_sections(struct debug_image *image, Elf *elf)
{
	uint64_t left = SECTIONS_MAX_BYTES;
	Elf_Scn *section = NULL;
	bool any = false;
	size_t names;

	if (!find_names(image, elf, &names))
		return false;
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		const char *name;

		if (!gelf_getshdr(section, &header) || !(name = elf_strptr(elf, names, header.sh_name)))
			return false;
		image->refers |= strcmp(name, ".gnu_debugaltlink") == 0;
		if (header.sh_type == SHT_NOBITS || !(starts_with(name, ".debug_") || starts_with(name, ".zdebug_")))
			continue;
		if (!accept_section(image, &header, name, &left))
			return false;
		any = true;
	}
	return any;
}

static bool accept_headers(const struct debug_image *image)
{
	Elf64_Ehdr header;
	Elf64_Shdr first;
	uint64_t count;

	memcpy(&header, image->data, sizeof(header));
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
	    header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_shentsize != sizeof(first) || !header.e_shoff ||
	    !is_in(image, header.e_shoff, sizeof(first)))
		return false;
	memcpy(&first, image->data + header.e_shoff, sizeof(first));
	count = header.e_shnum ? header.e_shnum : first.sh_size;
	return count <= SECTIONS_MAX_BYTES / sizeof(first) && is_in(image, header.e_shoff, count * sizeof(first));
}

static bool accept(struct debug_image *image)
{
	Elf *elf;
	bool ok;

	if (elf_version(EV_CURRENT) == EV_NONE || !accept_headers(image))
		return false;
	elf = elf_memory(image->data, image->size);
	ok = elf && accept_sections(image, elf);
	elf_end(elf);
	return ok;
}

bool debug_image__read(int fd, struct debug_image *image)
{
	off_t size = lseek(fd, 0, SEEK_END);
	void *data;

	*image = (struct debug_image){0};
	if (size < (off_t)sizeof(Elf64_Ehdr) || (uint64_t)size > FILE_MAX_BYTES)
		return false;
	/* the guard first, and the file over its beginning */
	data = mmap(NULL, (size_t)size + GUARD_BYTES, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (data == MAP_FAILED)
		return false;
	image->data = data;
	image->size = (size_t)size;
	if (mmap(data, (size_t)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, fd, 0) == data &&
	    accept(image))
		return true;
	debug_image__free(image);
	return false;
}

void debug_image__rest(const struct debug_image *image)
{
	if (!image->compressed)
		madvise(image->data, image->size, MADV_DONTNEED);
}

void debug_image__free(struct debug_image *image)
{
	if (image->data)
		munmap(image->data, image->size + GUARD_BYTES);
	*image = (struct debug_image){0};
}

bool debug_image__strings_end(Elf *elf)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return false;
	while ((section = elf_nextscn(elf, section))) {
		const char *name, *end;
		GElf_Shdr header;
		Elf_Data *data;

		if (!gelf_getshdr(section, &header) || !(name = elf_strptr(elf, names, header.sh_name)))
			return false;
		end = strrchr(name, '_');
		if (header.sh_type == SHT_NOBITS || !strstr(name, "debug_") || !end || strcmp(end, "_str") != 0)
			continue;
		data = elf_rawdata(section, NULL);
		if (!data || (data->d_size && ((const char *)data->d_buf)[data->d_size - 1]))
			return false;
	}
	return true;
}
