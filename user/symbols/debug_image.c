/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbols/debug_image.h"

#include <endian.h>
#include <errno.h>
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

static bool copy(int fd, struct debug_image *image, uint64_t offset, uint64_t size)
{
	uint64_t done = 0;

	if (offset > image->size || size > image->size - offset)
		return false;
	while (done < size) {
		ssize_t n = pread(fd, image->data + offset + done, size - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (uint64_t)n;
	}
	return true;
}

/* What a section grows to, 0 if it is not compressed; false if it cannot be told. */
static bool decompressed_size(int fd, const GElf_Shdr *header, const char *name, uint64_t *size)
{
	unsigned char zlib[12]; /* the older kind of compression: "ZLIB" and the size, big-endian */
	Elf64_Chdr compression;

	*size = 0;
	if (header->sh_flags & SHF_COMPRESSED) {
		if (pread(fd, &compression, sizeof(compression), (off_t)header->sh_offset) != sizeof(compression))
			return false;
		*size = compression.ch_size;
	} else if (starts_with(name, ".zdebug_")) {
		if (pread(fd, zlib, sizeof(zlib), (off_t)header->sh_offset) != sizeof(zlib))
			return false;
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

static bool copy_section(int fd, struct debug_image *image, const GElf_Shdr *header, const char *name, uint64_t *left)
{
	uint64_t grown;

	return decompressed_size(fd, header, name, &grown) && spend(left, header->sh_size) && spend(left, grown) &&
	       copy(fd, image, header->sh_offset, header->sh_size);
}

static bool copy_names(int fd, struct debug_image *image, Elf *elf, size_t *names)
{
	GElf_Shdr header;

	return !elf_getshdrstrndx(elf, names) && gelf_getshdr(elf_getscn(elf, *names), &header) &&
	       header.sh_type == SHT_STRTAB && header.sh_size <= SECTIONS_MAX_BYTES &&
	       copy(fd, image, header.sh_offset, header.sh_size);
}

/* Copies section names and debug sections; false for any reason not to use the file, having none among them. */
static bool copy_sections(int fd, struct debug_image *image, Elf *elf)
{
	uint64_t left = SECTIONS_MAX_BYTES;
	Elf_Scn *section = NULL;
	bool any = false;
	size_t names;

	if (!copy_names(fd, image, elf, &names))
		return false;
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		const char *name;

		if (!gelf_getshdr(section, &header) || !(name = elf_strptr(elf, names, header.sh_name)))
			return false;
		image->refers |= strcmp(name, ".gnu_debugaltlink") == 0;
		if (header.sh_type == SHT_NOBITS || !(starts_with(name, ".debug_") || starts_with(name, ".zdebug_")))
			continue;
		if (!copy_section(fd, image, &header, name, &left))
			return false;
		any = true;
	}
	return any;
}

static bool copy_headers(int fd, struct debug_image *image)
{
	Elf64_Ehdr header;
	Elf64_Shdr first;
	uint64_t count;

	if (!copy(fd, image, 0, sizeof(header)))
		return false;
	memcpy(&header, image->data, sizeof(header));
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
	    header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_shentsize != sizeof(first) || !header.e_shoff ||
	    !copy(fd, image, header.e_shoff, sizeof(first)))
		return false;
	memcpy(&first, image->data + header.e_shoff, sizeof(first));
	count = header.e_shnum ? header.e_shnum : first.sh_size;
	return count <= SECTIONS_MAX_BYTES / sizeof(first) && copy(fd, image, header.e_shoff, count * sizeof(first));
}

static bool read_image(int fd, struct debug_image *image)
{
	Elf *elf;
	bool ok;

	if (elf_version(EV_CURRENT) == EV_NONE || !copy_headers(fd, image))
		return false;
	elf = elf_memory(image->data, image->size);
	ok = elf && copy_sections(fd, image, elf);
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
	data = mmap(NULL, (size_t)size + GUARD_BYTES, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (data == MAP_FAILED)
		return false;
	image->data = data;
	image->size = (size_t)size;
	if (read_image(fd, image))
		return true;
	debug_image__free(image);
	return false;
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
